import type { Language } from "../../domain/language.ts";
import { isNoteCode, noteText } from "../../domain/messages/timeline-notes.ts";
import type { TextParams } from "../../domain/text-template.ts";
import type { TimelineEntry } from "../api/types.ts";
import { absoluteTime } from "./time.ts";

/** Parameters of notes that are instants. */
const INSTANTS = ["until", "asOf"];

const readable = (params: TextParams, locale: string): TextParams =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      INSTANTS.includes(name) ? (absoluteTime(locale, String(value)) ?? value) : value,
    ]),
  );

/** What is said beside a change of status. A note of a newer API, or of a record that an earlier release wrote, is shown as it came. */
export const timelineNoteText = (
  { note = null, noteCode, noteParams = {} }: TimelineEntry,
  language: Language,
  locale: string = language,
): string | null =>
  noteCode !== undefined && isNoteCode(noteCode) ? noteText(noteCode, language, readable(noteParams, locale)) : note;
