/** The certificate in force. HTTPS listeners follow it: a new one serves new connections, open ones go on. */
import type { Certificate } from "../../core/shared/ports.ts";

type Listener = (certificate: Certificate) => void;

export class LiveCertificate {
  #current: Certificate;
  readonly #listeners = new Set<Listener>();

  constructor(first: Certificate) {
    this.#current = first;
  }

  get current(): Certificate {
    return this.#current;
  }

  /** Tells the listeners, unless nothing changed. Returns whether it did. */
  replace(certificate: Certificate): boolean {
    if (certificate.cert === this.#current.cert && certificate.key === this.#current.key) return false;
    this.#current = certificate;
    for (const listener of this.#listeners) listener(certificate);
    return true;
  }

  subscribe(listener: Listener): void {
    this.#listeners.add(listener);
  }
}
