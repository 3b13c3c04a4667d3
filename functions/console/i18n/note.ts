import type { Language } from "../../domain/language.ts";
import { isNoteCode, noteText } from "../../domain/messages/timeline-notes.ts";
import type { TextParams } from "../../domain/text-template.ts";
import type { TimelineEntry } from "../api/types.ts";
import { absoluteTime } from "./time.ts";

/** Note parameters that are instants. */
const INSTANTS = ["until", "asOf"];

const formatInstants = (params: TextParams, locale: string): TextParams =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      INSTANTS.includes(name) ? (absoluteTime(locale, String(value)) ?? value) : value,
    ]),
  );

/** The note beside a change of status. Notes of a newer API or of an earlier release's records are shown unchanged. */
export const timelineNoteText = (
  { note = null, noteCode, noteParams = {} }: TimelineEntry,
  language: Language,
  locale: string = language,
): string | null =>
  noteCode !== undefined && isNoteCode(noteCode)
    ? noteText(noteCode, language, formatInstants(noteParams, locale))
    : note;
