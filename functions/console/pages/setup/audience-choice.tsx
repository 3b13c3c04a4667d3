import { PUBLISHING_STATUSES, type PublishingStatus, type Settings } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import type { RemoteHandle } from "../../state/remote.ts";
import { Choice } from "../../widgets/field.tsx";
import { ProblemNotice } from "../../widgets/notice.tsx";

/** Which of Google's three arrangements holds, with what each costs; declared so that Relais can foresee when tokens die. */
export const AudienceChoice = ({
  settings,
  handle,
}: {
  readonly settings: Settings;
  readonly handle: RemoteHandle<Settings>;
}) => {
  const save = useAction((publishingStatus: PublishingStatus) => api.settings.change({ publishingStatus }));
  const choose = async (publishingStatus: PublishingStatus) => {
    const result = await save.run(publishingStatus);
    if (result?.ok) handle.put(result.value);
  };
  return (
    <>
      <Choice
        legend={t("audience.legend")}
        name="audience"
        value={settings.publishingStatus}
        disabled={save.busy}
        onChoose={(status) => void choose(status)}
        options={PUBLISHING_STATUSES.map((value) => ({
          value,
          label: t(`audience.${value}`),
          hint: t(`audience.${value}Hint`),
        }))}
      />
      <p class="fine" role="status">
        {save.busy ? t("state.working") : ""}
      </p>
      {save.failure && <ProblemNotice failure={save.failure} />}
    </>
  );
};
