import asyncio
import sys


async def test_without_websockets_the_import_says_what_to_install():
    code = "import sys; sys.modules['websockets'] = None; import thinkaloud.client"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=asyncio.subprocess.PIPE)
    _, complaint = await process.communicate()
    assert process.returncode == 1
    assert complaint.decode().splitlines()[-1] == (
        "ModuleNotFoundError: thinkaloud.client needs the package `websockets`; "
        "install it with: pip install 'thinkaloud[local]'"
    )
