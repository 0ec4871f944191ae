/**
 * Words that several tasks use. The embedded model knows all of them (models/train/words.py).
 */

/** A text of words to a list. */
export function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

/** Lines to a list. */
export function lines(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim());
}

export const MALE_NAMES: readonly string[] = words(`
  John Paul James Robert Michael William David Richard Joseph Thomas Charles Daniel Matthew Anthony Mark Steven Andrew
  Kevin Brian George Edward Peter Frank Henry Jack Simon Oliver Adam Martin Arthur Albert Samuel Patrick Luke Ben Tom Max
  Leo Oscar Felix Victor Hugo Walter Ralph Bruce Eric Alan Philip Roger Carl`);

export const FEMALE_NAMES: readonly string[] = words(`
  Mary Anna Alice Emma Sarah Laura Julia Susan Linda Karen Nancy Lisa Helen Sandra Carol Ruth Sharon Michelle Jessica
  Rachel Emily Amy Rebecca Kate Jane Lucy Grace Sophie Clara Nora Eva Maria Diana Irene Martha Judith Alison Claire
  Hannah Olivia Ella Victoria Elizabeth Margaret Barbara Jennifer Amanda Catherine Teresa Monica`);

export const PLACES: readonly string[] = words(`
  store park school office garden station library market beach restaurant house hospital museum theatre bakery farm
  church bank hotel kitchen river castle bridge harbour`);
