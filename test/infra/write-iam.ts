// `node test/infra/write-iam.ts` writes infra/IAM.md from the plan. It needs Terraform (`TERRAFORM` names the command).
import { writeFileSync } from "node:fs";
import { firstPlan, missing } from "./first-plan.ts";
import { iamPage } from "./iam-page.ts";

if (missing !== null) throw new Error(missing);
writeFileSync(new URL("../../infra/IAM.md", import.meta.url), iamPage(await firstPlan()));
