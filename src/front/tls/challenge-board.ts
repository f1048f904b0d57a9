/** What an authority must find here while it checks that a name is ours: http-01 texts and tls-alpn-01 certificates. */
import type { RequestListener } from "node:http";
import type { Certificate, Challenge } from "../../core/shared/ports.ts";

const HTTP_PATH = "/.well-known/acme-challenge/";

/** The protocol that an authority names in its handshake (RFC 8737); no other client does. */
export const ALPN_CHALLENGE = "acme-tls/1";

export class ChallengeBoard {
  readonly #texts = new Map<string, string>();
  readonly #certificates = new Map<string, Certificate>();

  /** Returns the function that takes it away again. */
  show(challenge: Challenge): () => void {
    if (challenge.kind === "http-01") {
      const path = `${HTTP_PATH}${challenge.token}`;
      this.#texts.set(path, challenge.keyAuthorization);
      return () => this.#texts.delete(path);
    }
    this.#certificates.set(challenge.domain, challenge.certificate);
    return () => this.#certificates.delete(challenge.domain);
  }

  /** The certificate for a handshake that names `acme-tls/1`. */
  certificateFor(domain: string): Certificate | undefined {
    return this.#certificates.get(domain.toLowerCase());
  }

  /** Answers the paths that are on the board; every other request goes on to the listener. */
  before(listener: RequestListener): RequestListener {
    return (request, response) => {
      const text = this.#texts.size === 0 ? undefined : this.#texts.get(request.url ?? "");
      if (text === undefined) listener(request, response);
      else response.writeHead(200, { "content-type": "application/octet-stream" }).end(text);
    };
  }
}
