import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Answer, answered, type Cloud, done, refused } from "./cloud.ts";

/** The options of firebase-tools 15.34 that each command knows, beside those that all know. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "login:list": [],
  "projects:list": [],
  "hosting:sites:list": [],
  "hosting:channel:list": ["--site"],
  "hosting:clone": [],
  "hosting:disable": ["--site", "--force"],
  deploy: ["--only"],
};
const EVERYWHERE = ["--project", "--config", "--json", "--non-interactive"];
const WITH_VALUE = ["--site", "--only", "--project", "--config"];

interface Call {
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
}

const parse = (args: readonly string[]): Call => {
  const [name = "", ...rest] = args;
  const known = [...(COMMANDS[name] ?? []), ...EVERYWHERE];
  if (COMMANDS[name] === undefined) throw new Error(`${name} is not a Firebase command`);
  const words: string[] = [];
  const flags: Record<string, string> = {};
  for (let at = 0; at < rest.length; at += 1) {
    const one = rest[at] ?? "";
    if (!one.startsWith("--")) words.push(one);
    else if (!known.includes(one)) throw new Error(`unknown option '${one}'`);
    else if (!WITH_VALUE.includes(one)) flags[one] = "true";
    else {
      at += 1;
      flags[one] = rest[at] ?? "";
    }
  }
  return { words, flags };
};

const result = (value: unknown): Answer => answered({ status: "success", result: value });

const liveVersion = ({ console, project }: Cloud): Answer =>
  result({
    channels: [
      {
        name: `projects/${project}/sites/${project}/channels/live`,
        ...(console.live === null
          ? {}
          : { release: { version: { name: `sites/${project}/versions/${console.live}` } } }),
      },
    ],
  });

/** Like the CLI, it deploys a folder only from beside its configuration, and needs the page in it. */
const deploy = (cloud: Cloud, { flags }: Call): Answer => {
  const config = flags["--config"] ?? "";
  const configuration = JSON.parse(readFileSync(config, "utf8"));
  if (!existsSync(join(dirname(config), configuration.hosting.public, "index.html"))) return refused("no index.html");
  if (!cloud.sites.includes(configuration.hosting.site)) return refused("HTTP Error: 404, Site Not Found");
  const { console } = cloud;
  // The same configuration is the same content here, so that a repeated deployment ends in the same state.
  if (
    JSON.stringify(console.configuration) !== JSON.stringify(configuration) ||
    console.off ||
    console.live !== cloud.release
  )
    console.versions += 1;
  Object.assign(console, { live: cloud.release, off: false, configuration });
  return done();
};

const IMPLEMENTED: Readonly<Record<string, (cloud: Cloud, call: Call) => Answer>> = {
  "login:list": ({ signedIn }) => result(signedIn.firebase ? [{ user: { email: "me@example.com" } }] : []),
  "projects:list": ({ firebase, project }) => result(firebase ? [{ projectId: project }] : []),
  "hosting:sites:list": ({ sites, project }) =>
    result({ sites: sites.map((id) => ({ name: `projects/${project}/sites/${id}` })) }),
  "hosting:channel:list": liveVersion,
  "hosting:clone": ({ console }, { words: [source = ""] }) => {
    console.live = source.split("@")[1] ?? null;
    return done();
  },
  "hosting:disable": ({ console }) => {
    console.off = true;
    return done();
  },
  deploy,
};

export const runFirebase = (cloud: Cloud, args: readonly string[]): Answer => {
  if (cloud.tools.firebase === null) return { status: 127, stdout: "", stderr: "not found", changed: false };
  if (args[0] === "--version") return answered(cloud.tools.firebase);
  try {
    return IMPLEMENTED[args[0] ?? ""]?.(cloud, parse(args)) ?? refused(`the stand-in lacks ${args[0]}`);
  } catch (error) {
    return refused(`Error: ${error instanceof Error ? error.message : error}`);
  }
};
