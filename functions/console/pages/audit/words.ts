import type { AuditEntry } from "../../api/types.ts";
import { t, tOr, when } from "../../state/language.ts";

/** Names for the ids that an entry holds; an id that is not known stays as it is. */
export interface Names {
  readonly server: (id: string) => string;
  readonly key: (id: string) => string;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:/;

/** Details hold field names, ids, addresses and times, never a secret; known names and values are translated. */
const valueText = (name: string, value: unknown, names: Names): string => {
  const text = String(value);
  if (name === "servers") return names.server(text);
  return TIME.test(text) ? when(text) : tOr(`audit.value.${text}`, text);
};

/** An empty list of mail servers means all of them; any other empty list means none. */
const valuesText = (name: string, value: unknown, names: Names): string => {
  if (!Array.isArray(value)) return valueText(name, value, names);
  if (value.length === 0) return name === "servers" ? t("audit.allServers") : t("audit.noValue");
  return value.map((one: unknown) => valueText(name, one, names)).join(", ");
};

export const detailText = ({ detail }: AuditEntry, names: Names): string =>
  Object.entries(detail)
    .filter(([, value]) => value !== null && value !== false)
    .map(([name, value]) => `${tOr(`audit.detail.${name}`, name)}${t("colon")} ${valuesText(name, value, names)}`)
    .join(" · ");

export const actionText = ({ action }: Pick<AuditEntry, "action">): string => tOr(`audit.${action}`, action);

const KEY = "key:";

/** Who acted, in words: a person by their address, a program by its key's name. */
export const actorText = (actor: string, names: Names): string => {
  if (actor.startsWith(KEY)) return t("audit.byKey", { name: names.key(actor.slice(KEY.length)) });
  return tOr(`audit.actor.${actor}`, actor);
};

export const targetText = ({ action, target }: Pick<AuditEntry, "action" | "target">, names: Names): string => {
  if (target.startsWith("srv_")) return names.server(target);
  return action.startsWith("key.") ? names.key(target) : tOr(`audit.target.${target}`, target);
};

/** Omits what tells a person nothing: a key's id (its name is in the detail), and oneself when signing in. */
export const needsTarget = ({ action, target, actor }: AuditEntry): boolean =>
  !action.startsWith("key.") && target !== actor && target !== "session";
