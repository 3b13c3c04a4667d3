import * as z from "zod";
import type { Context } from "./context.ts";
import type { Outputs } from "./terraform.ts";

const endpoints = z.array(z.object({ networkEndpoint: z.object({ fqdn: z.string().optional() }).optional() }));

/** The endpoint group of the console, as infra/modules/edge names it. */
const groupOf = ({ prefix }: Context["installation"]): string => `${prefix === "" ? "" : `${prefix}-`}relais-console`;

const GROUPS = ["compute", "network-endpoint-groups"] as const;

const groupIsThere = async ({ gcloud, installation }: Context): Promise<boolean> =>
  (await gcloud.ask(z.unknown(), ...GROUPS, "describe", groupOf(installation), "--global")).ok;

/**
 * Makes the endpoint group through which the load balancer reaches the console on Hosting, before Terraform names it.
 * Such a group has one endpoint, so another site takes the place of the former.
 */
export const ensureConsoleGroup = async (context: Context): Promise<void> => {
  const { gcloud, installation, say } = context;
  if (installation.edge === null) return;
  const [group, host] = [groupOf(installation), `${installation.site}.web.app`];
  say(`Edge: the load balancer finds the console at ${host}`);
  if (!(await groupIsThere(context)))
    await gcloud.do([...GROUPS, "create", group, "--global", "--network-endpoint-type=internet-fqdn-port"]);
  const listed = await gcloud.ask(endpoints, ...GROUPS, "list-network-endpoints", group, "--global");
  const there = listed.ok ? listed.value.flatMap(({ networkEndpoint: one }) => one?.fqdn ?? []) : [];
  const change = (flag: string, fqdn: string) =>
    gcloud.do([...GROUPS, "update", group, "--global", `--${flag}-endpoint=fqdn=${fqdn},port=443`]);
  for (const former of there.filter((one) => one !== host)) await change("remove", former);
  if (!there.includes(host)) await change("add", host);
};

/** Once nothing names it any more. */
export const removeConsoleGroup = async (context: Context): Promise<void> => {
  const { gcloud, installation, say } = context;
  if (!(await groupIsThere(context))) return;
  say("Edge: removing the load balancer's way to the console");
  await gcloud.do([...GROUPS, "delete", groupOf(installation), "--global"]);
};

const certificates = z.object({
  managed: z.object({ status: z.string(), domainStatus: z.record(z.string(), z.string()).default({}) }),
});

/** Why nobody can use the load balancer yet, and what to do about it; null if it has its certificate. */
export const whyNoCertificate = async (
  { gcloud, installation }: Context,
  { edge }: Pick<Outputs, "edge">,
): Promise<string | null> => {
  if (edge === null || installation.edge === null) return null;
  const { domain } = installation.edge;
  const found = await gcloud.ask(certificates, "compute", "ssl-certificates", "describe", edge.certificate, "--global");
  if (found.ok && found.value.managed.status === "ACTIVE") return null;
  const state = found.ok
    ? (found.value.managed.domainStatus[domain] ?? found.value.managed.status)
    : found.problem.said;
  return `Google has not yet made the certificate of ${domain} (${state}). Let the DNS record A of ${domain} be ${edge.address}, with no record AAAA beside it, and run the same command again: Google takes up to an hour once the record is seen`;
};
