/**
 * The arrows of the house: who may import whom. They point inward,
 *
 *   main → cli, http, ui, controller → node → core        (base: everybody's, knows nobody)
 *   storage, transport → core                             (they implement ports of core and node)
 *
 * A rule's comment is what its breach prints. `type-only` imports are gone when the code runs, so
 * some rules allow them: a shell may speak of what it doesn't hold.
 */

/** A folder of src and nothing else. */
const inside = (...names) => `^src/(${names.join("|")})/`;

/** Forbids one folder everything but what is listed. */
function only({ name, comment, from, to, toTypes = [] }) {
  const allowed = [...to, ...toTypes];
  const rules = [{ name, comment, severity: "error", from, to: { pathNot: allowed } }];
  if (toTypes.length > 0) {
    const types = { path: toTypes, pathNot: to, dependencyTypesNot: ["type-only"] };
    rules.push({ name: `${name}-as-type`, comment, severity: "error", from, to: types });
  }
  return rules;
}

/** Lets a library in at one place, so that it could be replaced there. */
function library(name, path) {
  return {
    name: `${name}-in-one-place`,
    comment: `${name} is known in one place only, so that nothing else depends on it`,
    severity: "error",
    from: { path: "^src/", pathNot: path },
    to: { path: `^node_modules/${name}/` },
  };
}

const OUTSIDE = ["^node_modules/", "^node:", "^bun(:|$)", "^[a-z_/]+$"];

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-circular",
      comment: "what imports each other in a circle is one thing in two files",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphans",
      comment: "nobody imports this file, and nothing starts it",
      severity: "error",
      from: { orphan: true, path: "^src/", pathNot: ["^src/main\\.ts$", "\\.d\\.ts$"] },
      to: {},
    },
    {
      name: "no-unresolvable",
      comment: "this import leads nowhere",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^bun(:|$)" },
    },
    {
      name: "nothing-imports-main",
      comment: "main.ts wires the parts; a part that needs it has its arrow the wrong way round",
      severity: "error",
      from: {},
      to: { path: "^src/main\\.ts$" },
    },
    {
      name: "src-knows-no-tests",
      comment: "what runs in production does not know its tests, measurements and scripts",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|bench|scripts)/" },
    },
    {
      name: "no-dev-dependency-in-src",
      comment: "a devDependency is not there where the program runs",
      severity: "error",
      from: { path: "^src/" },
      // Bun is: the executable contains it.
      to: {
        dependencyTypes: ["npm-dev"],
        dependencyTypesNot: ["type-only"],
        pathNot: "^node_modules/(bun|bun-types|@types/bun)/",
      },
    },
    {
      name: "no-undeclared-dependency",
      comment: "a package that package.json does not name is there by chance",
      severity: "error",
      from: { path: "^(src|test|bench|scripts)/" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },

    ...only({
      name: "base-knows-nothing-of-the-domain",
      comment: "src/base has no word of the domain: it imports only itself",
      from: { path: inside("base") },
      to: [inside("base"), ...OUTSIDE],
    }),
    ...only({
      name: "core-is-pure",
      comment:
        "src/core does no I/O: it imports itself, invariants, errors, a hash, text as bytes, and the " +
        "number that the hashes of its tables begin with, which nobody can see from outside",
      from: { path: inside("core") },
      to: [inside("core"), "^src/base/(invariant|errors|sha256|utf8|hash-seed)\\.ts$"],
      // Where time and randomness come in as arguments, their types may be named.
      toTypes: [inside("base")],
    }),
    ...only({
      name: "storage-implements-a-port",
      comment:
        "src/storage knows the core and base, and of node and controller only the ports, as types",
      from: { path: inside("storage") },
      to: [inside("storage", "core", "base"), ...OUTSIDE],
      toTypes: [inside("node"), "^src/controller/store\\.ts$"],
    }),
    ...only({
      name: "controller-knows-no-data",
      comment:
        "src/controller decides from what workers say: it knows the core, base, the heartbeat, " +
        "and the ports that http declares",
      from: { path: inside("controller") },
      to: [inside("controller", "core", "base"), "^src/node/heartbeat\\.ts$"],
      toTypes: ["^src/http/(controller/)?service\\.ts$"],
    }),
    ...only({
      name: "transport-implements-a-port",
      comment:
        "src/transport knows the core and base, and of node and worker only the ports, as types",
      from: { path: inside("transport") },
      to: [inside("transport", "core", "base"), ...OUTSIDE],
      toTypes: [inside("node"), "^src/worker/forward-port\\.ts$", "^src/http/service\\.ts$"],
    }),
    ...only({
      name: "worker-knows-ports-not-parts",
      comment:
        "src/worker knows the node, the core and base; controller, links and storage are given to it",
      from: { path: inside("worker") },
      to: [inside("worker", "node", "core", "base")],
      // service.ts is the port that http declares and the worker implements.
      toTypes: ["^src/http/service\\.ts$"],
    }),
    ...only({
      name: "node-knows-ports-not-parts",
      comment:
        "src/node knows the core and base; real storage and links are given to it by main.ts",
      from: { path: inside("node") },
      to: [inside("node", "core", "base"), ...OUTSIDE],
      // service.ts is the port that http declares and the node implements.
      toTypes: [inside("storage", "transport"), "^src/http/service\\.ts$"],
    }),
    ...only({
      name: "http-knows-its-service",
      comment: "src/http knows the service that it declares, base, and the core's plain data",
      from: { path: inside("http") },
      to: [
        inside("http", "base"),
        "^src/core/(version|epoch|entry)\\.ts$",
        // What workers say to a controller comes in as JSON.
        "^src/node/heartbeat\\.ts$",
        // The page's styles go out as they are, and its script as a bundle (page-script.ts).
        "^src/ui/.+\\.(css|svg)$",
        ...OUTSIDE,
      ],
      toTypes: [inside("core")],
    }),
    ...only({
      name: "the-page-stands-alone",
      comment: "src/ui runs in a browser and speaks HTTP: it knows itself and base, and no library",
      from: { path: inside("ui") },
      to: [inside("ui"), "^src/base/json-text\\.ts$"],
    }),
    {
      name: "dialects-are-known-by-the-app-alone",
      comment: "the reports' dialects are a layer that can be taken away: only http/app.ts adds it",
      severity: "error",
      from: { path: "^(src|bench)/", pathNot: ["^src/http/app\\.ts$", "^src/http/seeds/"] },
      to: { path: "^src/http/seeds/" },
    },
    ...only({
      name: "cli-is-a-client",
      comment: "src/cli speaks to nodes over HTTP: it knows settings and base, not the node",
      from: { path: inside("cli") },
      to: [inside("cli", "base", "config"), "^src/config\\.ts$", "^package\\.json$", ...OUTSIDE],
      // What an answer looks like.
      toTypes: ["^src/http/service\\.ts$"],
    }),
    ...only({
      name: "settings-stand-alone",
      comment: "the table of settings knows base alone: it is read before anything starts",
      from: { path: ["^src/config\\.ts$", inside("config")] },
      to: ["^src/config\\.ts$", inside("config", "base"), ...OUTSIDE],
    }),

    library("elysia", "^src/http/"),
    library("@elysiajs", "^src/http/"),
    library("prom-client", "^src/http/"),
    library("pino", ["^src/main\\.ts$", "^src/base/"]),
    library("pino-pretty", ["^src/main\\.ts$", "^src/base/"]),
    library("commander", ["^src/cli/", "^src/main\\.ts$"]),
    library("cli-table3", "^src/cli/"),
    library("picocolors", "^src/cli/"),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    // Type-only imports are arrows too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["bun", "import", "require", "node", "default", "types"],
    },
  },
};
