import { readFileSync } from "node:fs";
import { join } from "node:path";

const terraform = readFileSync(join(import.meta.dirname, "../../infra/functions.tf"), "utf8");

/** The MiB that infra/functions.tf gives to an instance of the function. */
export const memoryLimitMib = (name: string): number => {
  const [, amount, unit] = new RegExp(`^ {4}${name} = \\{[^}]*?memory\\s*= "(\\d+)(Mi|Gi)"`, "m").exec(terraform) ?? [];
  return Number(amount) * (unit === "Gi" ? 1024 : 1);
};
