// How the unit of values is told. What the source does not name is never guessed: without it a reader might take one for granted.

import { say, type Language } from './words';

/** The unit as the source names it, or that it names none; nothing for what has none by its nature, such as a statistic. */
export function unitWords(unit: string | undefined, language: Language): string {
  return unit === '' ? say(language, 'noUnit') : (unit ?? '');
}

/** A name with the unit of its values. */
export function withUnit(name: string, unit: string | undefined, language: Language): string {
  const words = unitWords(unit, language);
  return words ? `${name} (${words})` : name;
}

/** A number with its unit. */
export function measured(value: string, unit: string | undefined, language: Language): string {
  return `${value} ${unitWords(unit, language)}`.trim();
}
