// Preloaded into each test file's process; records at its end how much CPU time it took.
import { appendFileSync } from "node:fs";
import { CPU_TIMES, cpuMs } from "./cpu-time.ts";

const path = process.env[CPU_TIMES];
const [, file = ""] = process.argv;
if (path !== undefined) process.on("exit", () => appendFileSync(path, `${JSON.stringify([file, cpuMs()])}\n`));
