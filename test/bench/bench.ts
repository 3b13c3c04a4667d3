// `npm run bench -- cold [rounds]`, `npm run bench -- throughput`: runs the benchmarks of this folder by name.
import { existsSync } from "node:fs";

const [name = ""] = process.argv.splice(2, 1);
const file = new URL(`${name}.ts`, import.meta.url);
if (!/^[a-z]+$/.test(name) || name === "bench" || !existsSync(file)) {
  console.error(
    "Usage: npm run bench -- cold [rounds] | raw [rounds] | refresh [servers …] | send [mails] | throughput [full] [rounds]",
  );
  process.exit(2);
}
await import(file.href);
