import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ApiFailure } from "../api/failure.ts";

/** Once the API has refused a form, moves the focus to the first control that it named. */
export const useFirstRefused = (failure: ApiFailure | null): RefObject<HTMLFormElement | null> => {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (failure !== null) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [failure]);
  return form;
};
