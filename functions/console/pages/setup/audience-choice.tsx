import { useRef, useState } from "preact/hooks";
import type { PublishingStatus, Settings } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { Choice } from "../../widgets/field.tsx";
import { ProblemNotice } from "../../widgets/notice.tsx";

const CHOICES = ["undeclared", "internal", "testing", "production"] as const satisfies readonly PublishingStatus[];

interface Props {
  readonly settings: Settings;
  readonly onSaved: (settings: Settings) => void;
}

/** Lets operators declare the publishing status at Google, so that Relais can predict when tokens expire. */
export const AudienceChoice = ({ settings, onSaved }: Props) => {
  const save = useAction((publishingStatus: PublishingStatus) => api.settings.change({ publishingStatus }));
  // Shown as chosen while it is being saved; reverts to the saved value if that fails.
  const [chosen, setChosen] = useState<PublishingStatus | null>(null);
  const wanted = useRef(settings.publishingStatus);
  const choose = async (status: PublishingStatus) => {
    wanted.current = status;
    setChosen(status);
    for (let asked: PublishingStatus | null = null; asked !== wanted.current; ) {
      asked = wanted.current;
      const result = await save.run(asked);
      // Another choice is being saved; the loop that saves it also picks up this one.
      if (result === null) return;
      if (!result.ok) break;
      onSaved(result.value);
    }
    setChosen(null);
  };
  return (
    <>
      <Choice
        legend={t("audience.legend")}
        name="audience"
        value={chosen ?? settings.publishingStatus}
        onChoose={(status) => void choose(status)}
        options={CHOICES.map((value) => ({
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
