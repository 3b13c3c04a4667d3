import { ago, when, whenInFull, whenToTheSecond } from "../state/language.ts";

/** A relative time, with the exact one on hover and for machines. */
export const Ago = ({ iso }: { readonly iso: string }) => (
  <time dateTime={iso} title={whenInFull(iso)}>
    {ago(iso)}
  </time>
);

/** A time in the reader's own time zone, which it names on hover. */
export const When = ({ iso, seconds = false }: { readonly iso: string; readonly seconds?: boolean }) => (
  <time dateTime={iso} title={whenInFull(iso)}>
    {seconds ? whenToTheSecond(iso) : when(iso)}
  </time>
);
