import { spawn } from 'node:child_process';

export type ToolResult = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

export type ToolCall = {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
};

const MAX_OUTPUT = 4 * 1024 * 1024;

/**
 * Runs a trusted program of the host (git, rm, chown) as ourselves and waits for its end. When the time is
 * over or the signal aborts, its whole process group is killed and the reason thrown.
 */
export async function runTool(call: ToolCall): Promise<ToolResult> {
  call.signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(call.timeoutMs);
  const stop = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
  const child = spawn(call.file, call.args, {
    cwd: call.cwd,
    env: call.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  stop.addEventListener('abort', kill, { once: true });
  try {
    const [code, stdout, stderr] = await Promise.all([
      new Promise<number>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (status) => resolve(status ?? -1));
      }),
      collect(child.stdout),
      collect(child.stderr),
    ]);
    call.signal?.throwIfAborted();
    if (timeout.aborted) return { code: -1, stdout, stderr: `no end after ${call.timeoutMs} ms` };
    return { code, stdout, stderr };
  } finally {
    stop.removeEventListener('abort', kill);
  }
}

async function collect(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of stream) if (text.length < MAX_OUTPUT) text += String(chunk);
  return text;
}
