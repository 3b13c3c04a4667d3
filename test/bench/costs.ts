// Writes infra/costs.md from what the bench has measured and from Google's prices (`costs/prices.json`).
import { writeFileSync } from "node:fs";
import { costFacts } from "./costs/facts.ts";
import { costsPage, PAGE } from "./costs/page.ts";

writeFileSync(PAGE, costsPage(await costFacts()));
