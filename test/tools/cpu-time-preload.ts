// Preloaded into each test file's process: notes at its end what it cost.
import { appendFileSync } from "node:fs";
import { CPU_TIMES, cpuMs } from "./cpu-time.ts";

const path = process.env[CPU_TIMES];
const [, file = ""] = process.argv;
if (path !== undefined) process.on("exit", () => appendFileSync(path, `${JSON.stringify([file, cpuMs()])}\n`));
