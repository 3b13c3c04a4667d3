import * as z from "zod";
import type { Context } from "../context.ts";
import type { Installation } from "../inputs.ts";
import { type Obstacle, obstacle } from "../obstacles.ts";

const list = z.array(z.string()).default([]);
const policy = z.object({
  spec: z
    .object({
      rules: z
        .array(
          z.object({
            allowAll: z.boolean().optional(),
            denyAll: z.boolean().optional(),
            enforce: z.boolean().optional(),
            values: z.object({ allowedValues: list, deniedValues: list }).optional(),
            parameters: z.object({ allowedMemberSubjects: list }).optional(),
          }),
        )
        .default([]),
    })
    .default({ rules: [] }),
});
type Rules = z.output<typeof policy>["spec"]["rules"];

/** Without a rule, everything is allowed. */
const allows = (rules: Rules, isMeant: (value: string) => boolean): boolean =>
  rules.every(({ allowAll, denyAll, values }) => {
    if (denyAll === true) return false;
    if (allowAll === true || values === undefined) return true;
    if (values.deniedValues.some(isMeant)) return false;
    return values.allowedValues.length === 0 || values.allowedValues.some(isMeant);
  });

const isEnforced = (rules: Rules): boolean => rules.some(({ enforce }) => enforce === true);

const plain = (value: string): string => value.replace(/^(is|in):/, "");

/** London and Zurich are in Europe, and not in the European Union. */
const OUTSIDE_THE_UNION = ["europe-west2", "europe-west6"];
const MULTI_REGIONS: Readonly<Record<string, readonly string[]>> = {
  eur3: ["eur3", "eu", "eu-locations", "europe-locations"],
  nam5: ["nam5", "us", "us-locations", "northamerica-locations"],
  nam7: ["nam7", "us", "us-locations", "northamerica-locations"],
};

/**
 * The names by which a policy on locations may allow a place:
 * cloud.google.com/resource-manager/docs/organization-policy/defining-locations
 */
const namesOf = (place: string): readonly string[] => {
  const continent = place.split("-")[0] ?? "";
  const inUnion = continent === "europe" && !OUTSIDE_THE_UNION.includes(place);
  return (
    MULTI_REGIONS[place] ?? [
      place,
      `${place}-locations`,
      `${continent}-locations`,
      ...(inUnion ? ["eu-locations"] : []),
    ]
  );
};

const isPlace =
  (place: string) =>
  (value: string): boolean =>
    namesOf(place).includes(plain(value));

/** By its own name, and by that of its group: cloud.google.com/load-balancing/docs/org-policy-constraints */
const LOAD_BALANCERS = ["GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS", "EXTERNAL"];

/** Every policy that can refuse what Relais makes, and what it refuses. */
const POLICIES: Readonly<Record<string, (rules: Rules, installation: Installation) => readonly Obstacle[]>> = {
  "iam.allowedPolicyMemberDomains": (rules, { project, public_access }) =>
    public_access === "invoker_check_off" || allows(rules, (value) => plain(value) === "allUsers")
      ? []
      : [obstacle("members_refused", { project, constraint: "iam.allowedPolicyMemberDomains" })],
  "iam.managed.allowedPolicyMembers": (rules, { project, public_access }) =>
    public_access === "invoker_check_off" ||
    !isEnforced(rules) ||
    rules.some(({ parameters }) => parameters?.allowedMemberSubjects.includes("allUsers"))
      ? []
      : [obstacle("members_refused", { project, constraint: "iam.managed.allowedPolicyMembers" })],
  "run.managed.requireInvokerIam": (rules, { project, public_access }) =>
    public_access === "invoker_check_off" && isEnforced(rules) ? [obstacle("invoker_check_enforced", { project })] : [],
  "gcp.resourceLocations": (rules, installation) => {
    const { project, region, firestore_location, secret_locations } = installation;
    const places = [
      { place: region, variable: "region" },
      { place: firestore_location, variable: "firestore_location" },
      ...secret_locations.map((place) => ({ place, variable: "secret_locations" })),
    ];
    const anywhere = allows(rules, (value) => plain(value) === "global");
    return [
      ...places
        .filter(({ place }) => !allows(rules, isPlace(place)))
        .map(({ place, variable }) => obstacle("place_refused", { project, place, variable })),
      ...(secret_locations.length === 0 && !anywhere ? [obstacle("secrets_need_places", { project, region })] : []),
    ];
  },
  "run.allowedIngress": (rules, { project, ingress }) =>
    [ingress === "ALLOW_ALL" ? "all" : "internal-and-cloud-load-balancing", "internal"]
      .filter((needs) => !allows(rules, (value) => plain(value) === needs || plain(value) === "all"))
      .map((needs) => obstacle("ingress_refused", { project, constraint: "run.allowedIngress", needs })),
  "cloudfunctions.allowedIngressSettings": (rules, { project, ingress }) =>
    [ingress === "ALLOW_ALL" ? ingress : "ALLOW_INTERNAL_AND_GCLB", "ALLOW_INTERNAL_ONLY"]
      .filter((needs) => !allows(rules, (value) => plain(value) === needs))
      .map((needs) =>
        obstacle("ingress_refused", { project, constraint: "cloudfunctions.allowedIngressSettings", needs }),
      ),
  "compute.restrictLoadBalancerCreationForTypes": (rules, { project, edge }) =>
    edge === null || allows(rules, (value) => LOAD_BALANCERS.includes(plain(value)))
      ? []
      : [obstacle("load_balancer_refused", { project, constraint: "compute.restrictLoadBalancerCreationForTypes" })],
  "compute.disableGlobalLoadBalancing": (rules, { project, edge }) =>
    edge === null || !isEnforced(rules)
      ? []
      : [obstacle("load_balancer_refused", { project, constraint: "compute.disableGlobalLoadBalancing" })],
  "iam.disableServiceAccountCreation": (rules, { project }) =>
    isEnforced(rules) ? [obstacle("accounts_refused", { project })] : [],
};

/** Asks for each policy as it takes effect on the project, inherited or not. */
export const checkPolicies = async ({ gcloud, installation }: Context): Promise<readonly Obstacle[]> => {
  const found = await Promise.all(
    Object.entries(POLICIES).map(async ([constraint, refusals]) => {
      const answer = await gcloud.ask(policy, "org-policies", "describe", constraint, "--effective");
      if (answer.ok) return refusals(answer.value.spec.rules, installation);
      // A constraint that this organization does not know refuses nothing.
      if (/NOT_FOUND|not found/i.test(answer.problem.said)) return [];
      const { said } = answer.problem;
      return [
        obstacle("not_answered", { what: `The policy ${constraint}`, said, role: "roles/orgpolicy.policyViewer" }),
      ];
    }),
  );
  return found.flat();
};
