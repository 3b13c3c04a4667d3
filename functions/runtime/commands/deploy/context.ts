import type { ZodError } from "zod";
import { fail, ok, type Result } from "../../../domain/result.ts";
import { Gcloud } from "./gcloud.ts";
import { type Inputs, type Installation, installationOf } from "./inputs.ts";
import type { DeployOptions } from "./options.ts";
import type { Remembered } from "./state-bucket.ts";
import type { Tools } from "./tools.ts";

export interface Surroundings {
  readonly tools: Tools;
  /** This repository. */
  readonly root: string;
  readonly say: (line: string) => void;
  readonly wait: (ms: number) => Promise<unknown>;
}

/** What every step of a deployment needs. */
export interface Context extends Surroundings {
  readonly gcloud: Gcloud;
  readonly options: DeployOptions;
  /** Terraform's variables: those remembered, and over them those given now. */
  readonly inputs: Inputs;
  readonly installation: Installation;
}

export const contextOf = (
  surroundings: Surroundings,
  options: DeployOptions,
  remembered: Remembered | null,
): Result<Context, ZodError> => {
  const prefix = options.prefix === "" ? {} : { prefix: options.prefix };
  const inputs = { ...remembered?.inputs, ...options.inputs, ...prefix };
  const installation = installationOf(options.project, inputs, options.site ?? remembered?.site ?? null);
  if (installation instanceof Error) return fail(installation);
  const gcloud = new Gcloud(surroundings.tools, options.project);
  // The load balancer must know the site, which Terraform itself never names.
  const edge = installation.edge === null ? {} : { edge: { ...installation.edge, site: installation.site } };
  return ok({ ...surroundings, gcloud, options, inputs: { ...inputs, ...edge }, installation });
};
