import { ago, when } from "../state/language.ts";

/** A moment by distance, with the exact one on hover and for machines. */
export const Ago = ({ iso }: { readonly iso: string }) => (
  <time dateTime={iso} title={when(iso)}>
    {ago(iso)}
  </time>
);

export const When = ({ iso }: { readonly iso: string }) => <time dateTime={iso}>{when(iso)}</time>;
