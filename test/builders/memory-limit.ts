import { readFileSync } from "node:fs";
import { join } from "node:path";

const infra = join(import.meta.dirname, "../../infra");
const terraform = ["functions.tf", "documents.tf"].map((name) => readFileSync(join(infra, name), "utf8")).join("\n");

/** The MiB that infra/ gives to an instance of the function. */
export const memoryLimitMib = (name: string): number => {
  const [, amount, unit] =
    new RegExp(`^ {4,6}${name} = \\{[^}]*?memory\\s*= "(\\d+)(Mi|Gi)"`, "m").exec(terraform) ?? [];
  return Number(amount) * (unit === "Gi" ? 1024 : 1);
};
