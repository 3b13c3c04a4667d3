import type { Config } from "../config.ts";
import { StartRefused } from "./options.ts";

/**
 * Saves the client of `--real-google` through the API, as the console does, so that the same checks apply. Throws
 * `StartRefused`.
 */
export const saveCredentials = async (config: Config, file: unknown): Promise<void> => {
  const response = await fetch(`http://127.0.0.1:${config.port}/v1/settings/gmail-credentials`, {
    method: "PUT",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${config.setupToken?.reveal() ?? ""}` },
    body: JSON.stringify(file),
  });
  if (response.ok) return;
  const problem: unknown = await response.json().catch(() => null);
  const texts = typeof problem === "object" && problem !== null ? (problem as Record<string, unknown>) : {};
  throw new StartRefused(
    `The file given to --real-google was refused: ${texts.title ?? response.status}. ${texts.detail ?? ""}`,
  );
};
