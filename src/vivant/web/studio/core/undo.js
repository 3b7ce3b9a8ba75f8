// What was, what is, and what was taken back.

export const LONGEST = 200;

export class Undo {
  #past = [];
  #future = [];

  constructor(present) {
    this.present = present;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Something new; what was taken back before cannot come back any more. */
  push(next) {
    if (next === this.present) return;
    this.#past = [...this.#past, this.present].slice(-LONGEST);
    this.#future = [];
    this.present = next;
  }

  undo() {
    if (!this.canUndo) return;
    this.#future.push(this.present);
    this.present = this.#past.pop();
  }

  redo() {
    if (!this.canRedo) return;
    this.#past.push(this.present);
    this.present = this.#future.pop();
  }
}
