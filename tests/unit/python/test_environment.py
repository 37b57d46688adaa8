from __future__ import annotations

from lambdalint.python.environment import Environment, Use, environment

from .analysis import analyse

HANDLER = "def handler(event, context):\n"


def reads(files: dict[str, str] | str) -> Environment:
    found = analyse(files)
    return environment(found.evaluator, found.reach)


def listed(files: dict[str, str] | str) -> list[str]:
    return [f"{read.name} {read.use.value}" for read in reads(files).reads]


def reasons(files: dict[str, str] | str) -> list[str]:
    return [place.reason for place in reads(files).open]


def test_subscripts_and_methods() -> None:
    text = (
        "import os\nfrom os import environ, getenv as g\nA = os.environ['A']\n"
        "B = os.environ.get('B', 'x')\n"
        "C = os.getenv(key='C')\nD = environ['D']\nE = g('E')\nF = os.environ.pop('F')\n"
        "G = environ.pop('G', '')\n"
        "os.environ['H'] = '1'\nos.environ.setdefault('I', '2')\nJ = 'J' in environ\n"
        "os.environ.update({'K': ''})\n"
        "os.environ.update(L='')\nos.putenv('M', '')\nos.environ['N'] += ':/opt'\ndel os.environ['O']\n"
        + HANDLER
        + "    pass\n"
    )
    found = reads(text)
    assert not found.open
    assert sorted(f"{read.name} {read.use.value}" for read in found.reads) == [
        "A required",
        "B optional",
        "C optional",
        "D required",
        "E optional",
        "F required",
        "G optional",
        "H set",
        "I optional",
        "I set",
        "J tested",
        "K set",
        "L set",
        "M set",
        "N required",
    ]


def test_names_in_constants_and_aliases() -> None:
    text = (
        "import os\nTABLE = 'TABLE_NAME'\nclass Names:\n    QUEUE = 'QUEUE_URL'\nenv = os.environ\n"
        + HANDLER
        + "    return os.environ[TABLE], env[Names.QUEUE], env.get('X')\n"
    )
    assert sorted(listed(text)) == ["QUEUE_URL required", "TABLE_NAME required", "X optional"]


def test_names_from_another_module() -> None:
    files = {
        "app.py": "import os\nfrom names import TABLE\nimport names\n"
        + HANDLER
        + "    return os.environ[TABLE], os.environ[names.QUEUE]\n",
        "names.py": "TABLE = 'TABLE_NAME'\nQUEUE = 'QUEUE_URL'\n",
    }
    assert sorted(listed(files)) == ["QUEUE_URL required", "TABLE_NAME required"]


def test_helpers_are_followed_to_their_callers() -> None:
    names = [f"V{number}" for number in range(20)]
    calls = "".join(f"    required('{name}')\n" for name in names)
    text = f"import os\ndef required(name, *, strict=True):\n    return os.environ[name]\n{HANDLER}{calls}"
    found = reads(text)
    assert [read.name for read in found.reads] == names
    assert not found.open
    assert all(read.node is not read.reader for read in found.reads)


def test_helpers_of_helpers_and_methods() -> None:
    text = (
        "import os\nclass Config:\n    def get(self, name, default='DEFAULT'):\n"
        "        return self._get(name)\n"
        "    def _get(self, name):\n        return os.environ[name]\nconfig = Config()\n"
        + HANDLER
        + "    return config.get('A'), config.get(name='B')\n"
    )
    assert sorted(listed(text)) == ["A required", "B required"]


def test_functions_of_a_class() -> None:
    text = (
        "import os\nclass Config:\n    def need(name):\n        return os.environ[name]\n"
        "    @staticmethod\n    def static(name):\n        return os.environ[name]\n"
        "    @classmethod\n    def made(cls, name):\n        return os.environ[name]\n"
        + HANDLER
        + "    return Config.need('A'), Config.static('B'), Config().static('C'), Config.made('D')\n"
    )
    assert sorted(listed(text)) == ["A required", "B required", "C required", "D required"]


def test_loops_over_names() -> None:
    text = (
        "import os\nNAMES = ('A', 'B')\nPAIRS = [('C', 1), ('D', 2)]\nTABLE = {'E': 1}\n"
        + HANDLER
        + "    x = {name: os.environ[name] for name in NAMES}\n    for name, _ in PAIRS:\n"
        "        os.environ[name]\n    for name, value in TABLE.items():\n        os.environ[name]\n"
        "    missing = [n for n in ('F',) if n not in os.environ]\n"
    )
    assert sorted(listed(text)) == [
        "A required",
        "B required",
        "C required",
        "D required",
        "E required",
        "F tested",
    ]


def test_text_that_is_put_together() -> None:
    text = (
        "import os\n" + HANDLER + "    for stage in ('A', 'B'):\n        os.environ[f'{stage}_TABLE']\n"
        "    os.environ[f\"QUEUE_{event['kind']}\"]\n"
    )
    found = reads(text)
    assert [read.name for read in found.reads] == ["A_TABLE", "B_TABLE"]
    assert found.why_read("QUEUE_X")
    assert not found.why_read("TABLE")


def test_the_environment_as_a_whole() -> None:
    for use in (
        "dict(os.environ)",
        "print(os.environ)",
        "{**os.environ}",
        "os.environ.copy()",
        "[x for x in os.environ]",
    ):
        assert reasons(f"import os\n{HANDLER}    return {use}\n") == ["the environment is used as a whole"], (
            use
        )


def test_programs_inherit_it() -> None:
    assert reasons(f"import subprocess\n{HANDLER}    subprocess.run(['ls'])\n") == ["a program is started"]


def test_unknown_names() -> None:
    found = reads(f"import os\n{HANDLER}    return os.environ[event['name']]\n")
    assert not found.reads
    assert found.why_read("ANY") == "names from elsewhere"


def test_set_from_elsewhere() -> None:
    assert reads(f"import os\n{HANDLER}    os.environ.update(event)\n").may_set("ANY")
    assert reads(f"from dotenv import load_dotenv\nload_dotenv()\n{HANDLER}    pass\n").may_set("ANY")


def test_readers_of_libraries() -> None:
    text = (
        "from decouple import config\nfrom environs import Env\nenv = Env()\nA = config('A')\n"
        "B = env('B')\n"
        "C = env.int('C', 3)\n" + HANDLER + "    pass\n"
    )
    assert sorted(listed(text)) == ["A optional", "B optional", "C optional"]


def test_what_does_not_run_is_left_out() -> None:
    text = (
        "import os\ndef other():\n    return os.environ['A']\n"
        + HANDLER
        + "    pass\nif __name__ == '__main__':\n    os.environ['B']\n"
    )
    assert listed(text) == []


# Settings classes


def test_pydantic_settings() -> None:
    text = (
        "from pydantic import Field, AliasChoices\n"
        "from pydantic_settings import BaseSettings, SettingsConfigDict\n"
        "class Base(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='APP_')\n"
        "    region: str = 'x'\n"
        "class Settings(Base):\n    table: str\n    queue: str = Field(..., validation_alias='QUEUE_URL')\n"
        "    key: str = Field(validation_alias=AliasChoices('KEY', 'OLD_KEY'))\n    size: int = 3\n"
        "settings = Settings()\n" + HANDLER + "    pass\n"
    )
    found = reads(text)
    by_name = {read.name: read.use for read in found.reads}
    assert by_name["APP_table"] is Use.REQUIRED
    assert by_name["QUEUE_URL"] is Use.REQUIRED
    assert (
        by_name["KEY"] is by_name["OLD_KEY"] is by_name["APP_size"] is by_name["APP_region"] is Use.OPTIONAL
    )
    assert found.why_read("APP_TABLE") == "read"


def test_settings_from_files_or_arguments_are_not_required() -> None:
    for more, call in (
        ("    model_config = {'env_file': '.env'}\n", "Settings()"),
        ("", "Settings(table='x')"),
        ("", "Settings(_env_file='.env')"),
        ("    @classmethod\n    def settings_customise_sources(cls, *a): ...\n", "Settings()"),
        ("", "Settings"),
    ):
        text = (
            "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n"
            f"{more}    table: str\nsettings = {call}\n{HANDLER}    pass\n"
        )
        assert [read.use for read in reads(text).reads] == [Use.OPTIONAL], (more, call)


def test_settings_of_version_1() -> None:
    text = (
        "from typing import Optional\nfrom pydantic import BaseSettings, Field\n"
        "class Settings(BaseSettings):\n"
        "    table: str = Field(..., env='TABLE_NAME')\n    queue: Optional[str]\n    class Config:\n"
        "        env_prefix = 'X_'\n" + HANDLER + "    return Settings()\n"
    )
    assert listed(text) == ["TABLE_NAME required", "X_queue optional"]


def test_models_of_the_environment() -> None:
    text = (
        "import os\nfrom pydantic import BaseModel\nclass Env(BaseModel):\n    TABLE: str\n"
        "    SIZE: int = 1\n" + HANDLER + "    return Env(**os.environ)\n"
    )
    assert listed(text) == ["TABLE required", "SIZE optional"]
    for use in ("Env.model_validate(os.environ)", "parse(event=os.environ, model=Env)"):
        assert listed(text.replace("Env(**os.environ)", use)) == ["TABLE required", "SIZE optional"], use


def test_env_modeler() -> None:
    text = (
        "from aws_lambda_env_modeler import get_environment_variables, init_environment_variables\n"
        "from pydantic import BaseModel\nclass Env(BaseModel):\n    TABLE: str\n"
        "@init_environment_variables(model=Env)\n" + HANDLER + "    get_environment_variables(model=Env)\n"
    )
    assert set(listed(text)) == {"TABLE required"}
