"""The Jupyter community's own tests of kernels (jupyter_kernel_test) against ours: run by suite.test.ts.

What it asks for that we cannot give: `code_page_something`, a pager as payload, which front ends do not show any more.
"""

import os
import pathlib
import subprocess
import sys
import time
import unittest

import jupyter_kernel_test
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Ours(KernelSpecManager):
    """Finds the kernel of this project, whatever is installed on the machine."""

    def get_kernel_spec(self, kernel_name):
        argv = [os.environ["MASK_DPO_NODE"], str(ROOT / "lib/kernel/kernel.mjs"), "{connection_file}"]
        return KernelSpec(argv=argv, display_name="ours", language="typescript", interrupt_mode="signal")


class MaskDpoKernel(jupyter_kernel_test.KernelTests):
    kernel_name = "mask-dpo"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = 'console.log("hello, world")'
    code_stderr = 'console.error("oops")'
    code_stdin = 'const said = prompt("Name?");\nconsole.log(said)'
    code_generate_error = 'throw new Error("as asked")'
    code_clear_output = "console.clear()"
    code_inspect_sample = "parseInt"
    code_history_pattern = "1 + ? +*"
    supported_history_operations = ("tail", "range", "search")
    code_execute_result = [
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": "[1, 2].map((n) => n * n)[1] + 1", "result": "5"},
        {"code": "new Float32Array([0.1])", "result": "Float32Array(1) [ 0.1 ]"},
        {"code": '({ "text/html": "<b>x</b>", "text/plain": "x" })', "result": "<b>x</b>", "mime": "text/html"},
    ]
    code_display_data = [
        {
            "code": 'import { display, html } from "./lib/show/display";\nawait display(html`<i>x</i>`)',
            "mime": "text/html",
        },
        {"code": 'await display({ "image/svg+xml": "<svg/>" }, { raw: true })', "mime": "image/svg+xml"},
    ]
    completion_samples = [
        {"text": "JSON.stri", "matches": {"stringify"}},
        {"text": "'😀'; JSON.par", "matches": {"parse"}},
    ]
    complete_code_samples = [
        "1 + 1",
        "const f = (n: number) => n;",
        "await Promise.resolve(1)",
        "for (const x of []) {}",
    ]
    incomplete_code_samples = ["function f() {", "const x = [1,", "`text"]
    invalid_code_samples = ["const = 1;", "1 +* 2;"]

    @classmethod
    def setUpClass(cls):
        cls.km = KernelManager(kernel_name=cls.kernel_name, kernel_spec_manager=Ours())
        cls.km.start_kernel(cwd=ROOT / "notebooks")
        cls.kc = cls.km.client()
        cls.kc.start_channels()
        cls.kc.wait_for_ready(timeout=120)

    def test_confirm_and_default(self):
        """Deno's `confirm`, and what `prompt` gives for an empty line."""
        for code, typed, printed in [
            ('console.log(confirm("Sure?"))', "y", "true"),
            ('console.log(confirm("Sure?"))', "", "false"),
            ('console.log(prompt("Name?", "Ann"))', "", "Ann"),
            ('await 0;\nconsole.log(prompt("Name?"))', "Zoë", "Zoë"),
        ]:
            with self.subTest(code=code):
                self.assertEqual(self.typed(code, typed), printed)

    def typed(self, code, answer):
        self.flush_channels()
        self.kc.execute(code, allow_stdin=True)
        self.kc.get_stdin_msg(timeout=30)
        self.kc.input(answer)
        self.assertEqual(self.kc.get_shell_msg(timeout=30)["content"]["status"], "ok")
        while True:
            message = self.kc.get_iopub_msg(timeout=30)
            if message["msg_type"] == "stream":
                return message["content"]["text"].strip()

    def test_interrupt_while_asking(self):
        """An interrupt ends a question, also one behind an `await`."""
        for code in ['prompt("Name?")', 'await 0;\nprompt("Name?")']:
            self.flush_channels()
            self.kc.execute(code, allow_stdin=True)
            self.kc.get_stdin_msg(timeout=30)
            self.km.interrupt_kernel()
            self.assertEqual(self.kc.get_shell_msg(timeout=30)["content"]["ename"], "Interrupted")

    def test_zz_ends_with_its_front_end(self):
        """A kernel whose question nobody can answer any more ends."""
        code = """
import pathlib, sys
sys.path.insert(0, str(pathlib.Path(sys.argv[1])))
import kernel_suite
suite = kernel_suite.MaskDpoKernel
suite.setUpClass()
suite.kc.execute('await 0;\\nprompt("Name?")', allow_stdin=True)
suite.kc.get_stdin_msg(timeout=30)
print(suite.km.provisioner.pid, flush=True)
import os
os._exit(0)
"""
        here = pathlib.Path(__file__).parent
        pid = int(subprocess.run([sys.executable, "-c", code, str(here)], capture_output=True, check=True).stdout)
        for _ in range(100):
            if not pathlib.Path(f"/proc/{pid}").exists():
                return
            time.sleep(0.1)
        self.fail(f"{pid} goes on")

    def test_heartbeat_while_computing(self):
        """The kernel counts as alive while a cell keeps its thread."""
        self.flush_channels()
        self.kc.execute("const end = Date.now() + 4000; while (Date.now() < end);")
        beating = []
        self.kc.hb_channel.unpause()
        for _ in range(3):
            time.sleep(1.2)
            beating.append(self.kc.hb_channel.is_beating())
        self.kc.get_shell_msg(timeout=30)
        self.assertEqual(beating, [True, True, True])


if __name__ == "__main__":
    unittest.main(argv=sys.argv, verbosity=2)
