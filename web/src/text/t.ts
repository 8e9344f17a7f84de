import { en } from './en';

export type Catalogue = Record<keyof typeof en, string>;
export type Language = 'en' | 'hi';
export const languages: Record<Language, string> = { en: 'English', hi: 'हिन्दी' };

type Key = keyof typeof en;
type Names<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Values<K extends Key> = Record<Names<(typeof en)[K]>, string | number>;
type Plain = { [K in Key]: [Names<(typeof en)[K]>] extends [never] ? K : never }[Key];
type Counted = Key extends infer K ? (K extends `${infer Stem}.other` ? Stem : never) : never;
export type { Key, Plain };

let catalogue: Catalogue = en;
/** Words for the server's codes; none in English, which the server speaks itself. */
let refusals: { words: Record<string, string>; field: string } | null = null;
let language: Language = 'en';

export function currentLanguage(): Language {
  return language;
}

/** The locale for dates and money: the language's words with the conventions of the country the lockers stand in. */
export function locale(): string {
  return language === 'hi' ? 'hi-IN-u-nu-latn' : 'en-IN';
}

export async function speak(next: Language): Promise<void> {
  const hindi = next === 'hi' ? await import('./hi') : null;
  catalogue = hindi?.hi ?? en;
  refusals = hindi?.refusals ?? null;
  language = next;
  document.documentElement.lang = next;
}

export function t<K extends Key>(key: K, ...values: K extends Plain ? [] : [Values<K>]): string {
  return filled(catalogue[key], values[0] ?? {});
}

/** The text for a code of the server's that may be newer than this page; null where there is none. */
export function maybe(key: string): string | null {
  return (catalogue as Record<string, string | undefined>)[key] ?? null;
}

/** A word for one of the server's codes; a code that is newer than this page is shown as it is. */
export function coded(family: string, code: string): string {
  return maybe(`${family}.${code}`) ?? code;
}

/** A refusal in this language; null where the server's own words will do. */
export function refusal(code: string): string | null {
  return refusals?.words[code] ?? null;
}

/** What is wrong with a field in this language: the server says it exactly, and in English. */
export function fieldFault(said: string[]): string[] {
  return refusals === null || said.length === 0 ? said : [refusals.field];
}

/** A text that depends on a number, by the language's own plural rules; `{n}` is the number. */
export function tn(stem: Counted, n: number, values: Record<string, string | number> = {}): string {
  const form = new Intl.PluralRules(language).select(n) === 'one' ? 'one' : 'other';
  const texts: Record<string, string> = catalogue;
  return filled(texts[`${stem}.${form}`] ?? '', { n: new Intl.NumberFormat(locale()).format(n), ...values });
}

function filled(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
