"""Report 002's store, put together again from the code and the settings in its text.

What it does is kept with its flaws: every write opens a client session of its own and closes it at
the quorum, so copies that are still under way are dropped.
Settings come from the environment: ROLE, PORT, FOLLOWERS, WRITE_QUORUM, MIN_DELAY, MAX_DELAY
(milliseconds, default 0.1 and 1.0), REPL_TIMEOUT (seconds).
"""
import asyncio
import os
import random

from aiohttp import ClientSession, ClientTimeout, web

ROLE = os.environ.get("ROLE", "follower")
PORT = int(os.environ.get("PORT", "5000"))
FOLLOWERS = [address for address in os.environ.get("FOLLOWERS", "").split(",") if address]
WRITE_QUORUM = int(os.environ.get("WRITE_QUORUM", "1"))
MIN_DELAY_MS = float(os.environ.get("MIN_DELAY", "0.1"))
MAX_DELAY_MS = float(os.environ.get("MAX_DELAY", "1.0"))
timeout = ClientTimeout(total=float(os.environ.get("REPL_TIMEOUT", "2.0")))

store = {}
store_lock = asyncio.Lock()


async def write_local(key, value):
    async with store_lock:
        store[key] = value


async def read_local(key):
    async with store_lock:
        return store.get(key)


async def replicate_to_follower(session, follower_addr, key, value):
    try:
        delay_ms = random.uniform(MIN_DELAY_MS, MAX_DELAY_MS)
        await asyncio.sleep(delay_ms / 1000.0)

        payload = {"key": key, "value": value}
        url = f"http://{follower_addr}/replicate"

        async with session.post(url, json=payload, timeout=timeout) as resp:
            if resp.status == 200:
                return True
    except Exception as e:
        print(f"Replication to {follower_addr} failed: {e}")
    return False


async def put_key(request):
    if ROLE != "leader":
        return web.json_response({"error": "not leader"}, status=403)

    key = request.match_info['key']
    body = await request.json()
    value = body["value"]

    await write_local(key, value)

    required = WRITE_QUORUM

    async with ClientSession(timeout=timeout) as session:
        tasks = [replicate_to_follower(session, f, key, value) for f in FOLLOWERS]

        confirmations = 0
        for coro in asyncio.as_completed(tasks):
            try:
                success = await coro
                if success:
                    confirmations += 1
                    if confirmations >= required:
                        return web.json_response({
                            "status": "ok",
                            "replicas_confirmed": confirmations
                        }, status=200)
            except Exception:
                pass

        if confirmations >= required:
            return web.json_response({"status": "ok", "replicas_confirmed": confirmations},
                                     status=200)
        return web.json_response({
            "status": "error",
            "replicas_confirmed": confirmations,
            "reason": "quorum not reached"
        }, status=500)


async def replicate(request):
    body = await request.json()
    key = body["key"]
    value = body["value"]
    await write_local(key, value)
    return web.json_response({"status": "ok"}, status=200)


async def get_key(request):
    key = request.match_info['key']
    val = await read_local(key)
    if val is None:
        return web.json_response({"found": False}, status=404)
    return web.json_response({"found": True, "value": val}, status=200)


async def set_quorum(request):
    global WRITE_QUORUM
    body = await request.json()
    WRITE_QUORUM = int(body["quorum"])
    return web.json_response({"status": "ok", "quorum": WRITE_QUORUM}, status=200)


async def get_store(request):
    async with store_lock:
        return web.json_response({"store": dict(store)}, status=200)


app = web.Application()
app.router.add_put("/put/{key}", put_key)
# The report's own text calls it both ways.
app.router.add_post("/put/{key}", put_key)
app.router.add_get("/get/{key}", get_key)
app.router.add_post("/replicate", replicate)
app.router.add_post("/admin/set_quorum", set_quorum)
app.router.add_get("/admin/store", get_store)

if __name__ == "__main__":
    # The report listens on every address of its container.
    web.run_app(app, host="127.0.0.1", port=PORT)
