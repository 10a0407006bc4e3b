/** The conversation in this tab's session storage: a reload keeps it, closing the tab forgets it. */

const STORED = "thinkaloud.conversation";
const MOST_TURNS = 50;

/** `{session, turns}` as saved, or null. */
export function load() {
  const stored = sessionStorage.getItem(STORED);
  return stored === null ? null : JSON.parse(stored);
}

/** Keep the conversation; where it outgrows the storage (5 MB or so), its older half goes first. */
export function save({ session, turns }) {
  for (let kept = turns.slice(-MOST_TURNS); ; kept = kept.slice(Math.ceil(kept.length / 2))) {
    try {
      sessionStorage.setItem(STORED, JSON.stringify({ session, turns: kept }));
      return;
    } catch (error) {
      if (kept.length === 0) throw error;
    }
  }
}
