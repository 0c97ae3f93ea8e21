import { IntlMessageFormat } from 'intl-messageformat';
import { remembered, type Readable, type Store } from './store';

/** The languages every text exists in. */
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A text in every language, as manifests and events carry it. */
export type Localized = Readonly<Record<Language, string>>;

/** The texts of one micro-frontend: ICU messages by key, the same keys in every language. */
export type Messages<K extends string> = Readonly<Record<Language, Readonly<Record<K, string>>>>;

/** Values for the places of a message. */
export type Places = Readonly<Record<string, string | number | Date>>;

const isLanguage = (value: unknown): value is Language => LANGUAGES.some((language) => language === value);

function preferred(): Language {
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2));
  return wanted.find(isLanguage) ?? 'en';
}

const current: Store<Language> = remembered('language', preferred(), isLanguage);
const apply = (language: Language): void => document.documentElement.setAttribute('lang', language);
apply(current.value);
current.subscribe(apply);

/** The language the portal speaks now. */
export const language: Readable<Language> = current;

/** Switches every micro-frontend to a language and remembers it. */
export function setLanguage(next: Language): void {
  current.set(next);
}

/** The locale for numbers and dates: British order and 24 hours for English, as an instrument shows them. */
export function locale(): string {
  return current.value === 'de' ? 'de-DE' : 'en-GB';
}

/** The text in the current language. */
export function localized(text: Localized): string {
  return text[current.value] || text.en;
}

/** Looks texts up by key in the current language and fills in their places (ICU plurals and numbers included). */
export function translator<K extends string>(messages: Messages<K>): (key: K, places?: Places) => string {
  const compiled = new Map<string, IntlMessageFormat>();
  return (key, places) => {
    const spoken = current.value;
    const text = messages[spoken][key];
    if (!text.includes('{')) return text;
    const id = `${spoken}:${key}`;
    const format = compiled.get(id) ?? new IntlMessageFormat(text, locale(), undefined, { ignoreTag: true });
    compiled.set(id, format);
    return String(format.format(places));
  };
}
