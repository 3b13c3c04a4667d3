import { checkAllSoon } from "../../../domain/connections/checks/check-all-soon.ts";
import { editSettings } from "../../../domain/settings/edit-settings.ts";
import { saveGmailCredentials } from "../../../domain/settings/gmail-credentials.ts";
import { readSettings } from "../../../domain/settings/read-settings.ts";
import { gmailCredentialsView, settingsView } from "../../../domain/settings/settings-view.ts";
import { answerJson, answerProblem, answerWith, callerOf } from "../../answers.ts";
import type { Call, Route } from "../../http.ts";
import { parseJsonBody } from "../../json-body.ts";
import type { System } from "../../system.ts";
import { releaseMail } from "./release.ts";

const show = (system: System) => async () => {
  const { value } = await readSettings(system.records, system.environment);
  return answerJson(200, settingsView(value, system.environment));
};

/** The settings are saved by now, so a failure must not fail the request; the checks then happen within a day. */
const scheduleChecks = async (system: System): Promise<void> => {
  try {
    await checkAllSoon(system);
  } catch (error) {
    system.log.error("checks_not_hastened", {}, error);
  }
};

const edit = (system: System) => async (call: Call) => {
  const patch = parseJsonBody(call);
  if (!patch.ok) return answerProblem(patch.problem);
  const edited = await editSettings(system, callerOf(call), patch.value);
  if (!edited.ok) return answerProblem(edited.problem);
  if (edited.value.resumed) await releaseMail(system, "all");
  if (edited.value.publishingStatusChanged) await scheduleChecks(system);
  return answerJson(200, edited.value.settings);
};

const showCredentials = (system: System) => async () => {
  const { value } = await readSettings(system.records, system.environment);
  return answerJson(200, gmailCredentialsView(value, system.environment));
};

const saveCredentials = (system: System) => async (call: Call) => {
  const body = parseJsonBody(call);
  if (!body.ok) return answerProblem(body.problem);
  const saved = await saveGmailCredentials(system, callerOf(call), body.value);
  if (saved.ok) await scheduleChecks(system);
  return answerWith(saved, (credentials) => answerJson(200, credentials));
};

/** `/v1/settings` and the Gmail credentials. */
export const settingsRoutes = (system: System): readonly Route[] => [
  { method: "GET", path: "/v1/settings", access: "operators", handle: show(system) },
  { method: "PATCH", path: "/v1/settings", access: "operators", handle: edit(system) },
  { method: "GET", path: "/v1/settings/gmail-credentials", access: "operators", handle: showCredentials(system) },
  { method: "PUT", path: "/v1/settings/gmail-credentials", access: "operators", handle: saveCredentials(system) },
];
