import { parse, TYPE, type MessageFormatElement } from "@formatjs/icu-messageformat-parser";
import { describe, expect, it } from "vitest";
import { en } from "../src/text/en";
import { es } from "../src/text/es";

const files = import.meta.glob<string>(["../src/**/*.{ts,tsx}", "!../src/gql/**", "!../src/text/**"], {
  query: "?raw",
  import: "default",
  eager: true,
});
const sources = Object.values(files).join("\n");

/** The names of the values in a message, also in the parts of plurals. */
function values(message: string): string[] {
  const names = new Set<string>();
  const look = (elements: MessageFormatElement[]) => {
    for (const element of elements) {
      if (element.type !== TYPE.literal && element.type !== TYPE.pound) names.add(element.value);
      if ("options" in element) Object.values(element.options).forEach((option) => look(option.value));
    }
  };
  look(parse(message));
  return [...names].sort();
}

describe("texts", () => {
  const refusals = Object.keys(es).filter((key) => key.startsWith("refusal."));
  const spanish = Object.keys(es).filter((key) => !refusals.includes(key));

  it("are the same in both languages", () => {
    expect(spanish.sort()).toEqual(Object.keys(en).sort());
  });
  it("are never empty", () => {
    for (const [key, text] of [...Object.entries(en), ...Object.entries(es)]) expect(text.trim(), key).not.toBe("");
  });
  it("have the same values in both languages", () => {
    for (const key of Object.keys(en) as (keyof typeof en)[]) expect(values(es[key]), key).toEqual(values(en[key]));
  });
  it("are used, or begin like one that is put together", () => {
    // A key may be put together: t(`setting.${name}.help`).
    const puttogether = [...sources.matchAll(/`(\w+\.[\w.]*)\$\{[^`{}]*\}([\w.]*)`/g)].map(
      ([, begin, end]) => [begin!, end!] as const,
    );
    const unused = Object.keys(en).filter(
      (key) =>
        !sources.includes(`"${key}"`) &&
        !puttogether.some(([begin, end]) => key.startsWith(begin) && key.endsWith(end)),
    );
    expect(unused).toEqual([]);
  });
  it("stand nowhere else: elements of a page have no words of their own", () => {
    const words = [...sources.matchAll(/>\s*([A-Z][a-z]+ ?[a-z]*[^<>{}()=;]*)<\//g)].map(([, text]) => text?.trim());
    expect(words.filter((text) => text !== "Homeroom")).toEqual([]);
  });
});
