// `npm run deploy -- --project P --url https://… --operator me@…` takes a Google Cloud project from nothing, or from a
// former release, to Relais in operation. It says each step, and can be interrupted and run again at any of them.
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runDeployCommand } from "./deploy/command.ts";
import { toolsOf } from "./deploy/tools.ts";

const surroundings = {
  tools: toolsOf(process.env),
  root: join(import.meta.dirname, "../../.."),
  say: (line: string): void => console.log(line),
  wait: delay,
};
const complain = (text: string): void => console.error(text);
process.exit(await runDeployCommand(surroundings, { args: process.argv.slice(2), complain }));
