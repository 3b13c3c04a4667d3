import type { DoctorCheck } from "../api/types.ts";
import { t } from "../state/language.ts";
import { Icon } from "./icon.tsx";

type Outcome = "done" | "todo" | "advice";

const outcomeOf = ({ ok, level }: DoctorCheck): Outcome => (ok ? "done" : level === "required" ? "todo" : "advice");

const LOOKS = {
  done: { tone: "good", icon: "check" },
  todo: { tone: "bad", icon: "cross" },
  advice: { tone: "warn", icon: "warning" },
} as const;

/** What is still open, the required first. */
export const openOf = (checks: readonly DoctorCheck[]): readonly DoctorCheck[] =>
  (["todo", "advice"] as const).flatMap((outcome) => checks.filter((check) => outcomeOf(check) === outcome));

/** The doctor's findings; its sentences come from the API in the chosen language. */
export const Checklist = ({ checks }: { readonly checks: readonly DoctorCheck[] }) => (
  <ul class="checks">
    {checks.map((check) => {
      const outcome = outcomeOf(check);
      const { tone, icon } = LOOKS[outcome];
      return (
        <li key={check.id}>
          <span class={`mark ${tone}`}>
            <Icon name={icon} />
          </span>
          <div>
            <strong>
              {check.title} <span class="fine">– {t(`check.${outcome}`)}</span>
            </strong>
          </div>
          <div class="hint">{check.advice}</div>
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
