import { useEffect, useState } from "preact/hooks";
import { t } from "../state/language.ts";
import { Icon } from "./icon.tsx";

type Outcome = "idle" | "copied" | "refused";

/** Copies a text to the clipboard and says so; if the browser refuses, the text beside it can still be selected. */
export const CopyButton = ({ text }: { readonly text: string }) => {
  const [outcome, setOutcome] = useState<Outcome>("idle");
  useEffect(() => {
    if (outcome === "idle") return;
    const timer = setTimeout(() => setOutcome("idle"), 4_000);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome("copied");
    } catch {
      setOutcome("refused");
    }
  };
  return (
    <>
      <button type="button" class="button small" onClick={() => void copy()}>
        <Icon name="copy" />
        {t("action.copy")}
      </button>{" "}
      <span role="status" class="fine">
        {outcome === "copied" ? t("copy.done") : outcome === "refused" ? t("copy.refused") : ""}
      </span>
    </>
  );
};
