/** What befalls a cluster. Each begins at once and gives back how it ends. */
import type { Life } from "../life.ts";
import type { Misfortune } from "./plan.ts";
import type { Stage } from "./stage.ts";

type End = () => Promise<void> | void;

const STOPPED_MS = 3_000;
const TAKEN_FOR_DOWN_MS = 1_000;
/** In this time the controller has certainly found out. */
const FOUND_OUT_MS = 2_000;

export const MISFORTUNES: Record<Misfortune, (stage: Stage) => Promise<End>> = {
  async "a worker is killed and returns at once"(stage) {
    const victim = stage.victim();
    await stage.kill(victim);
    await stage.moment(600);
    return () => victim.start();
  },

  async "a worker is killed and its partitions move"(stage) {
    const victim = stage.victim();
    await stage.kill(victim);
    stage.route.avoid(victim);
    if (!stage.alone) {
      await stage.moment(FOUND_OUT_MS);
      return () => victim.start();
    }
    await stage.everywhere();
    await stage.untilLeads(victim, true);
    return async () => {
      // From here on nothing is amiss any more: its share comes back by planned steps.
      await stage.calmNow();
      await stage.startQuietly(victim);
    };
  },

  async "two workers are killed"(stage) {
    const victims = [stage.victim(), stage.victim()];
    await Promise.all(victims.map((one) => stage.kill(one)));
    await stage.moment(FOUND_OUT_MS);
    return async () => {
      for (const one of victims) {
        one.start();
        await stage.moment(500);
      }
    };
  },

  async "the controller is killed"(stage) {
    await killController(stage);
    if (stage.alone) await stage.everywhere();
    await stage.moment(500);
    return () => stage.crew.controller.start();
  },

  async "the controller is killed, and then a worker"(stage) {
    const victim = stage.victim();
    await killController(stage);
    await stage.moment(300);
    await stage.kill(victim);
    await stage.moment(FOUND_OUT_MS);
    return async () => {
      stage.crew.controller.start();
      // Mostly it takes over from the one who is still away.
      await stage.moment(FOUND_OUT_MS * 2);
      victim.start();
    };
  },

  async "a primary stops for 3 s"(stage) {
    return await stopPrimary(stage, STOPPED_MS * (0.9 + stage.scene.random.next() * 0.2));
  },

  async "a primary stops until it is just about to be taken for down"(stage) {
    return await stopPrimary(stage, TAKEN_FOR_DOWN_MS * (0.7 + stage.scene.random.next() * 0.6));
  },

  async "a worker is cut off from the controller"(stage) {
    const victim = stage.victim();
    const gate = stage.crew.gateOf(victim);
    stage.scene.tally.cuts += 1;
    gate.shut();
    // It goes on as it was, until somebody with a newer appointment fences it.
    await stage.moment(FOUND_OUT_MS * 2);
    if (stage.alone) await stage.everywhere();
    const asked = stage.ask(victim);
    return async () => {
      gate.open();
      await asked;
    };
  },

  async "a worker loses its directory"(stage) {
    const victim = stage.victim();
    await stage.kill(victim);
    victim.loseDisk();
    stage.scene.tally.lostDirectories += 1;
    await stage.moment(FOUND_OUT_MS);
    return () => victim.start();
  },

  async "a disk is full"(stage) {
    const { fillable, tally } = stage.scene;
    if (fillable === undefined) return () => {};
    const { worker, disk } = fillable;
    stage.victim([worker]);
    stage.crew.logs.mayEnd = worker.id;
    disk.fill();
    tally.fullDisks += 1;
    await stage.moment(FOUND_OUT_MS);
    return () => disk.free();
  },

  async "a power cut"(stage) {
    const victims = await powerCut(stage);
    return () => startInAnyOrder(stage, victims);
  },

  async "a power cut, and the controller comes last"(stage) {
    const victims = await powerCut(stage);
    return async () => {
      for (const one of victims) one.start();
      // Everybody goes on with what was appointed last.
      await stage.everywhere();
      stage.crew.controller.start();
    };
  },

  async "the controller stops for 3 s"(stage) {
    const { controller } = stage.crew;
    stage.scene.tally.controllerStops += 1;
    controller.pause();
    await Bun.sleep(STOPPED_MS);
    return () => controller.resume();
  },

  async "everybody is told to stop"(stage) {
    const workers = stage.crew.workers.filter(({ running }) => running);
    stage.scene.tally.leaves += workers.length;
    await Promise.all([...workers, stage.crew.controller].map((life) => stage.stop(life)));
    return () => startInAnyOrder(stage, workers);
  },

  async "a worker is told to stop"(stage) {
    const victim = stage.victim(stage.crew.regular);
    await stage.leave(victim);
    if (stage.alone) await stage.everywhere();
    else await stage.moment(FOUND_OUT_MS);
    return () => stage.startQuietly(victim);
  },

  async "a worker is drained, and not any more"(stage) {
    const victim = stage.victim(stage.crew.regular);
    const { crew, scene } = stage;
    await crew.drain(victim);
    scene.tally.drains += 1;
    if (stage.alone && scene.random.next() < 0.5) await stage.untilEmpty(victim);
    else await stage.moment(FOUND_OUT_MS);
    return async () => {
      await stage.untilHeard(victim);
      await crew.drain(victim, true);
    };
  },

  async "a fifth worker comes, or leaves"(stage) {
    return await (stage.crew.fifth.running ? fifthLeaves(stage) : fifthComes(stage));
  },
};

/** SIGSTOP; who asks it the moment it wakes must not be told what was true before. */
async function stopPrimary(stage: Stage, durationMs: number): Promise<End> {
  const victim = stage.victim();
  stage.scene.tally.stops += 1;
  victim.pause();
  stage.route.avoid(victim);
  await Bun.sleep(durationMs);
  // Some ask while it still sleeps, and are answered when it wakes.
  const early = stage.ask(victim);
  return async () => {
    victim.resume();
    stage.route.seek(victim);
    await Promise.all([early, stage.ask(victim)]);
  };
}

async function fifthComes(stage: Stage): Promise<End> {
  const { scene, crew } = stage;
  stage.victim([crew.fifth], true);
  scene.tally.joins += 1;
  const started = stage.startQuietly(crew.fifth);
  scene.present.add(crew.fifth);
  await stage.moment(FOUND_OUT_MS);
  return async () => {
    await stage.untilHeard(crew.fifth);
    // When it left it may have been drained before.
    await crew.drain(crew.fifth, true);
    await started;
  };
}

async function fifthLeaves(stage: Stage): Promise<End> {
  const { scene, crew } = stage;
  stage.victim([crew.fifth]);
  // Who leaves for good with copies that nobody else has yet may not be missed by anything else.
  if (!stage.alone || scene.random.next() < 0.7) {
    await crew.drain(crew.fifth);
    scene.tally.drains += 1;
    await stage.untilEmpty(crew.fifth);
  }
  await stage.leave(crew.fifth);
  scene.present.delete(crew.fifth);
  return () => {};
}

async function killController({ scene, crew }: Stage): Promise<void> {
  scene.tally.controllerKills += 1;
  await crew.controller.kill();
}

/** Kills everything at once; those who ran. */
async function powerCut({ scene, crew }: Stage): Promise<readonly Life[]> {
  const victims = crew.workers.filter(({ running }) => running);
  scene.tally.powerCuts += 1;
  await Promise.all([...victims, crew.controller].map((life) => life.kill()));
  return victims;
}

/** These and the controller. */
async function startInAnyOrder(stage: Stage, workers: readonly Life[]): Promise<void> {
  const { random } = stage.scene;
  const order = [...workers, stage.crew.controller]
    .map((life) => ({ life, place: random.next() }))
    .sort((one, other) => one.place - other.place);
  for (const { life } of order) {
    life.start();
    await stage.moment(300);
  }
}
