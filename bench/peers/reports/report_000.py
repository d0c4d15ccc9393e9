"""Report 000's store, put together again from the code and the settings in its text.

What it does is kept with its flaws: leaving the block of the thread pool joins every thread, so a
write waits for the slowest follower whatever the quorum; every copy is a connection of its own.
Settings come from the environment: NODE_TYPE, PORT, FOLLOWERS, WRITE_QUORUM, MIN_DELAY, MAX_DELAY
(seconds, default 0.0001 and 0.001).
"""
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

import requests
from flask import Flask, jsonify, request

NODE_TYPE = os.environ.get('NODE_TYPE', 'leader')
PORT = int(os.environ.get('PORT', '5000'))
WRITE_QUORUM = int(os.environ.get('WRITE_QUORUM', '3'))
MIN_DELAY = float(os.environ.get('MIN_DELAY', '0.0001'))
MAX_DELAY = float(os.environ.get('MAX_DELAY', '0.001'))
FOLLOWERS = [url for url in os.environ.get('FOLLOWERS', '').split(',') if url]

app = Flask(__name__)
data_store = {}
data_lock = threading.Lock()


def replicate_to_followers(key, value):
    def replicate_to_one_follower(follower_url):
        time.sleep(random.uniform(MIN_DELAY, MAX_DELAY))
        response = requests.post(f"{follower_url}/replicate",
                                 json={'key': key, 'value': value}, timeout=5)
        return response.status_code == 200

    success_count = 0
    with ThreadPoolExecutor(max_workers=len(FOLLOWERS)) as executor:
        futures = [executor.submit(replicate_to_one_follower, f) for f in FOLLOWERS]
        for future in as_completed(futures):
            if future.result():
                success_count += 1
                if success_count >= WRITE_QUORUM:
                    break
    return success_count


@app.route('/set', methods=['POST'])
def set_value():
    if NODE_TYPE != 'leader':
        return jsonify({'success': False, 'error': 'Only leader accepts write requests'}), 403

    data = request.get_json()
    key = data['key']
    value = data['value']

    with data_lock:
        data_store[key] = value

    success_count = replicate_to_followers(key, value)

    if success_count >= WRITE_QUORUM:
        return jsonify({'success': True, 'key': key, 'value': value, 'replicas': success_count})
    return jsonify({'success': False, 'error': 'Not enough replicas confirmed'}), 500


@app.route('/replicate', methods=['POST'])
def replicate():
    if NODE_TYPE != 'follower':
        return jsonify({'success': False,
                        'error': 'Only followers accept replication requests'}), 403

    data = request.get_json()
    key = data['key']
    value = data['value']

    with data_lock:
        data_store[key] = value

    return jsonify({'success': True, 'key': key})


@app.route('/get/<path:key>', methods=['GET'])
def get_value(key):
    with data_lock:
        if key in data_store:
            return jsonify({'success': True, 'key': key, 'value': data_store[key]})
        return jsonify({'success': False, 'error': 'Key not found'}), 404


@app.route('/status', methods=['GET'])
def status():
    with data_lock:
        return jsonify({'node_type': NODE_TYPE, 'data_count': len(data_store),
                        'data': dict(data_store)})


if __name__ == '__main__':
    # The report listens on every address of its container.
    app.run(host='127.0.0.1', port=PORT, threaded=True)
