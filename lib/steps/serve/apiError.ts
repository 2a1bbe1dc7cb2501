/** What a request is refused with, in OpenAI's form: clients show the message, and go by status, type and code. */
import { UserError } from "../../base/check";

interface Details {
  /** The parameter at fault. */
  param?: string;
  code?: string;
  headers?: Readonly<Record<string, string>>;
}

export class ApiError extends Error {
  override name = "ApiError";

  /** @param status of HTTP */
  constructor(
    readonly status: number,
    message: string,
    readonly details: Details = {},
  ) {
    super(message);
  }

  /** The body that is sent. */
  get body(): object {
    const { param = null, code = null } = this.details;
    return { error: { message: this.message, type: typeOf(this.status), param, code } };
  }
}

function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

/** Whatever was thrown, as what the client is told; what it cannot have caused stays between us. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof UserError) return new ApiError(400, `expected ${error.parts.expected}, got ${error.parts.got}`);
  return new ApiError(500, "the server failed; its terminal says why", { code: "internal_error" });
}
