import { useLocation } from "preact-iso/router";
import type { DoctorCheck } from "../api/types.ts";
import type { TextKey } from "../i18n/translate.ts";
import { t } from "../state/language.ts";
import { Icon } from "./icon.tsx";

type Outcome = "done" | "todo" | "advice";

const outcomeOf = ({ ok, level }: DoctorCheck): Outcome => (ok ? "done" : level === "required" ? "todo" : "advice");

const LOOKS = {
  done: { tone: "good", icon: "check" },
  todo: { tone: "bad", icon: "cross" },
  advice: { tone: "neutral", icon: "info" },
} as const;

/** Where in this console a check can be fixed. */
const PLACES: Readonly<Record<string, { readonly href: string; readonly label: TextKey & `check.${string}` }>> = {
  gmail_credentials: { href: "/setup", label: "check.setup" },
  operators: { href: "/settings#people", label: "check.settings" },
  alerts: { href: "/settings#alerts", label: "check.settings" },
  paused: { href: "/operations", label: "check.operations" },
  mail_server: { href: "/servers", label: "check.servers" },
  reconnect: { href: "/servers", label: "check.servers" },
  former_client: { href: "/servers", label: "check.servers" },
  expiring: { href: "/servers", label: "check.servers" },
  send_as: { href: "/servers", label: "check.servers" },
};

const Place = ({ id }: { readonly id: string }) => {
  const { path } = useLocation();
  const place = PLACES[id];
  return place === undefined || place.href === path ? null : (
    <div>
      <a href={place.href}>{t(place.label)}</a>
    </div>
  );
};

/** The checks of a level that are still open. */
export const openOf = (checks: readonly DoctorCheck[], level: DoctorCheck["level"]): readonly DoctorCheck[] =>
  checks.filter((check) => !check.ok && check.level === level);

/** What the steps of the setup say already, and the home page's verdict as well. */
const IN_STEPS = ["gmail_credentials", "mail_server"];

export const isInSteps = ({ id }: DoctorCheck): boolean => IN_STEPS.includes(id);

/** The setup checks; the API words them in the chosen language. */
export const Checklist = ({ checks }: { readonly checks: readonly DoctorCheck[] }) => (
  <ul class="checks">
    {checks.map((check) => {
      const outcome = outcomeOf(check);
      const { tone, icon } = LOOKS[outcome];
      return (
        <li key={check.id} class={outcome} data-check={check.id}>
          <span class={`mark ${tone}`}>
            <Icon name={icon} />
          </span>
          <div>
            <span class="check-title">{check.title}</span> <span class="fine">– {t(`check.${outcome}`)}</span>
          </div>
          <div class="hint">{check.advice}</div>
          {!check.ok && <Place id={check.id} />}
          {!check.ok && check.link && (
            <div>
              <a class="external" href={check.link} target="_blank" rel="noreferrer">
                {t("check.open")} <Icon name="external" />
                <span class="visually-hidden">{t("link.newTab")}</span>
              </a>
            </div>
          )}
        </li>
      );
    })}
  </ul>
);
