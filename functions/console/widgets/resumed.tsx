import { t } from "../state/language.ts";
import { Notice } from "./notice.tsx";

/** Stands above a form that holds what was typed before the session ended. */
export const Resumed = ({ resumed }: { readonly resumed: boolean }) =>
  resumed ? <Notice tone="info" title={t("form.resumed")} /> : null;
