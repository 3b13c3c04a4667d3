// `npm run bench -- size`: how much code each function has, beside its budget.
import { join } from "node:path";
import { measureBundle, readBudget } from "../../infra/build/budget.ts";
import { deployableFunctions, root } from "../../infra/build/repository.ts";
import { record } from "./record.ts";

const budget = readBudget();
const results = [...deployableFunctions()]
  .sort()
  .map((name) => ({ function: name, ...measureBundle(join(root, "dist", name)), budget: budget[name] }));
console.table(results.map(({ function: name, start, all }) => ({ name, start, all })));
record("size", [], { results });
