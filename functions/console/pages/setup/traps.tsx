import { t } from "../../state/language.ts";
import { Card } from "../../widgets/card.tsx";

const TRAPS = ["unverified", "testUsers", "forbidden", "desktop", "redirect"] as const;

/** What people run into on Google's own pages, where Relais cannot help them. */
export const Traps = () => (
  <Card title={t("traps.title")}>
    <div class="traps">
      {TRAPS.map((trap) => (
        <details key={trap}>
          <summary>{t(`traps.${trap}`)}</summary>
          <p>{t(`traps.${trap}Text`)}</p>
        </details>
      ))}
    </div>
  </Card>
);
