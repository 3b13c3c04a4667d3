// `node infra/build/deployer.ts` writes infra/DEPLOYER.md, and a test compares (test/unit/house/deployer.test.ts).
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { deployerPage } from "../../functions/runtime/commands/deploy/deployer-roles.ts";
import { root } from "./repository.ts";

writeFileSync(join(root, "infra/DEPLOYER.md"), deployerPage());
