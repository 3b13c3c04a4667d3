import assert from "node:assert/strict";
import { it } from "node:test";
import { attachmentsInput } from "../../../functions/domain/documents/attachment-input.ts";

/** Data URIs, what they hold, and of which type (RFC 2397). */
const URIS: readonly (readonly [uri: string, bytes: string, type: string | undefined])[] = [
  ["data:,caf%C3%A9", "636166c3a9", undefined],
  ["data:text/plain;charset=iso-8859-1,caf%E9", "636166e9", "text/plain;charset=iso-8859-1"],
  ["data:image/jpeg,%FF%d8%00", "ffd800", "image/jpeg"],
  ["data:text/plain,100% é", "31303025 20c3a9".replace(" ", ""), "text/plain"],
  ["data:text/plain;base64,aGk=", "6869", "text/plain"],
];

for (const [uri, bytes, type] of URIS)
  it(`an attachment may be ${uri}`, () => {
    const [read] = attachmentsInput.parse([{ path: uri }]);
    assert.equal(Buffer.from(read?.content ?? "", "base64").toString("hex"), bytes);
    assert.equal(read?.contentType, type);
  });
