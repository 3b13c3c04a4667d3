import * as z from "zod";
import { askFirebase, type Gcloud } from "../gcloud.ts";
import { type Obstacle, obstacle } from "../obstacles.ts";
import type { ToolName, Tools } from "../tools.ts";

/**
 * The oldest releases that will do. Terraform: write-only arguments (1.11). gcloud: `storage`, `org-policies` and
 * `firestore databases restore`. Firebase: the Node that the others want.
 */
const NEEDED: readonly { readonly tool: ToolName; readonly version: RegExp; readonly needs: string }[] = [
  { tool: "gcloud", version: /Google Cloud SDK (\d+\.\d+\.\d+)/, needs: "480.0.0" },
  { tool: "terraform", version: /Terraform v(\d+\.\d+\.\d+)/, needs: "1.11.0" },
  { tool: "firebase", version: /^(\d+\.\d+\.\d+)/m, needs: "13.0.0" },
];

const isOlder = (has: string, needs: string): boolean => {
  const [left, right] = [has, needs].map((text) => text.split(".").map(Number));
  const at = (left ?? []).findIndex((part, index) => part !== right?.[index]);
  return at >= 0 && (left?.[at] ?? 0) < (right?.[at] ?? 0);
};

const checkTool = async (
  tools: Tools,
  { tool, version, needs }: (typeof NEEDED)[number],
): Promise<readonly Obstacle[]> => {
  const ran = await tools.run(tool, ["--version"]);
  const has = version.exec(ran.stdout)?.[1];
  if (ran.status === 127 || has === undefined) return [obstacle("tool_missing", { tool })];
  return isOlder(has, needs) ? [obstacle("tool_too_old", { tool, has, needs })] : [];
};

export const checkTools = async (tools: Tools): Promise<readonly Obstacle[]> =>
  (await Promise.all(NEEDED.map((one) => checkTool(tools, one)))).flat();

const accounts = z.array(z.object({ account: z.string() }));

/** The three sign-ins: gcloud's own, the one that Terraform uses, and Firebase's. */
export const checkSignIns = async (tools: Tools, gcloud: Gcloud): Promise<readonly Obstacle[]> => {
  const { project } = gcloud;
  const [own, terraforms, firebases] = await Promise.all([
    gcloud.ask(accounts, "auth", "list", "--filter=status:ACTIVE"),
    tools.run("gcloud", ["auth", "application-default", "print-access-token"]),
    askFirebase(tools, z.array(z.unknown()).nullable(), "login:list"),
  ]);
  return [
    ...(own.ok && own.value.length > 0 ? [] : [obstacle("gcloud_signed_out", undefined)]),
    ...(terraforms.status === 0 ? [] : [obstacle("no_application_credentials", { project })]),
    ...(firebases.ok && (firebases.value?.length ?? 0) > 0 ? [] : [obstacle("firebase_signed_out", undefined)]),
  ];
};
