// Preloaded into each test file's process; records at its end how much CPU time it took.
import { cpuMs, noteCpuTime } from "./cpu-time.ts";

const [, file = ""] = process.argv;
process.on("exit", () => noteCpuTime(file, cpuMs()));
