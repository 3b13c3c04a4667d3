import { api } from "../state/api.ts";
import { t } from "../state/language.ts";
import { useRemote } from "../state/remote.ts";
import { Page } from "../widgets/page.tsx";
import { RemoteView } from "../widgets/remote-view.tsx";
import { NoticesCard } from "./operations/notices-card.tsx";
import { PauseCard } from "./operations/pause-card.tsx";
import { SessionsCard } from "./operations/sessions-card.tsx";
import { OperationsTabs } from "./operations/tabs.tsx";

const REFRESH_MS = 15_000;

/** What operators look at and do while Relais runs; what they set once is in the settings. */
export const OperationsPage = () => {
  const settings = useRemote("settings", (signal) => api.settings.get(signal), { everyMs: REFRESH_MS });
  return (
    <Page title={t("nav.operations")} lead={t("operations.lead")}>
      <OperationsTabs current="overview" />
      <SessionsCard />
      <RemoteView handle={settings}>
        {(value) => (
          <>
            <NoticesCard alerts={value.alerts} />
            <PauseCard settings={value} onSaved={settings.put} />
          </>
        )}
      </RemoteView>
    </Page>
  );
};
