// `node test/infra/write-iam.ts` writes infra/IAM.md from the plan. It needs Terraform (`TERRAFORM` names the command).
import { writeFileSync } from "node:fs";
import { iamPage } from "./iam-page.ts";
import { InfraCopy, whyNoTerraform } from "./terraform.ts";

const copy = new InfraCopy();
try {
  const missing = whyNoTerraform(copy);
  if (missing !== null) throw new Error(missing);
  writeFileSync(new URL("../../infra/IAM.md", import.meta.url), iamPage(copy.plan()));
} finally {
  copy.remove();
}
