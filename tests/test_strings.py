"""Connection strings in all their forms, and that their errors name the mistake and show no secret."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kqlext.connections.schemes import SCHEMES, SECRETS, VALUELESS, Scheme, takes_cloud
from kqlext.connections.strings import (
    ConnectionName,
    ConnectionSpec,
    describe,
    format_spec,
    parse_connection,
)
from kqlext.errors import KqlConnectionError
from kqlext.references import EnvironmentVariable, Reference, Value
from kqlext.services import make_opener

KUSTO = "azuredataexplorer"
HELP = (("cluster", "help"), ("database", "Samples"))


def spec(scheme: str, *keys: tuple[str, Value]) -> ConnectionSpec:
    return ConnectionSpec(scheme, keys)


def keyed(text: str) -> tuple[str, tuple[tuple[str, Value], ...]]:
    parsed = parse_connection(text)
    assert isinstance(parsed, ConnectionSpec)
    return parsed.scheme, parsed.keys


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # URL form
        ("kusto://help.kusto.windows.net/Samples", (("cluster", "help.kusto.windows.net"), ("database", "Samples"))),
        (
            "https://help.kusto.windows.net/Samples",
            (("cluster", "https://help.kusto.windows.net"), ("database", "Samples")),
        ),
        (
            "HTTPS://help.kusto.windows.net/Samples",
            (("cluster", "https://help.kusto.windows.net"), ("database", "Samples")),
        ),
        ("http://127.0.0.1:8080/db", (("cluster", "http://127.0.0.1:8080"), ("database", "db"))),
        ("http://[::1]:8080/db", (("cluster", "http://[::1]:8080"), ("database", "db"))),
        ("kusto://127.0.0.1:8080/db", (("cluster", "127.0.0.1:8080"), ("database", "db"))),
        ("kusto://help/Samples", HELP),
        ("kusto://help/My%20Db", (("cluster", "help"), ("database", "My Db"))),
        ("kusto://https://h.example/d", (("cluster", "https://h.example"), ("database", "d"))),
        ("https://h.example/a/b/d", (("cluster", "https://h.example/a/b"), ("database", "d"))),
        ("https://h.example/d;alias='s'", (("cluster", "https://h.example"), ("database", "d"), ("alias", "s"))),
        ("https://h.example/d;Fed=true;code", (("cluster", "https://h.example"), ("database", "d"), ("code", ""))),
        ("https://h.example;database='d'", (("cluster", "https://h.example"), ("database", "d"))),
        ("https://h.example/;database='d'", (("cluster", "https://h.example"), ("database", "d"))),
        # key form
        (
            "azureDataExplorer://code;cluster='help';database='Samples';alias='s'",
            (("code", ""), *HELP, ("alias", "s")),
        ),
        ("kusto://database='Samples'", (("database", "Samples"),)),
        ('kusto://cluster="help" ; database = "Samples" ;', HELP),
        ("kusto://cluster='help';;database='Samples'", HELP),
        ("kusto://Data-Base='a=b;c(d)';clus_ter='it''s'", (("database", "a=b;c(d)"), ("cluster", "it's"))),
        ("kusto://database='x\ny'", (("database", "x\ny"),)),
        ("kusto://database=''", (("database", ""),)),
        ("kusto://database=db", (("database", Reference("db")),)),
        ("kusto://database=my.dbs['a;b'][0]", (("database", Reference("my.dbs['a;b'][0]")),)),
        ("kusto://database=$DB", (("database", EnvironmentVariable("DB")),)),
        (
            "kusto://database='d';tenant=00000000-0000-4000-8000-000000000000",
            (("database", "d"), ("tenant", "00000000-0000-4000-8000-000000000000")),
        ),
        (
            "kusto://cluster=https://h.example;database='d'",
            (("cluster", "https://h.example"), ("database", "d")),
        ),
        (
            "kusto://clientid='i';clientsecret=$S;tenant='t';database='d'",
            (("clientid", "i"), ("clientsecret", EnvironmentVariable("S")), ("tenant", "t"), ("database", "d")),
        ),
        # function form
        ("kusto://code().cluster('help').database('Samples')", (("code", ""), *HELP)),
        ("kusto://cluster( 'help' ).database(db)", (("cluster", "help"), ("database", Reference("db")))),
        ("kusto://cluster('a.b(c)').database('it''s')", (("cluster", "a.b(c)"), ("database", "it's"))),
    ],
)
def test_kusto(text: str, expected: tuple[tuple[str, Value], ...]) -> None:
    assert keyed(text) == (KUSTO, expected)
    assert keyed(f"  {text}\n") == (KUSTO, expected)


WORKSPACE = (
    "adx.monitor.azure.com/subscriptions/s/resourcegroups/r/providers/microsoft.operationalinsights/workspaces/w"
)
COMPONENT = "ade.applicationinsights.io/subscriptions/s/resourcegroups/r/providers/microsoft.insights/components/a%20b"
LAKE = "api.securityplatform.microsoft.com/lake/kql"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"https://{WORKSPACE}", (("cluster", f"https://{WORKSPACE}"), ("database", "w"))),
        (f"https://{WORKSPACE}/", (("cluster", f"https://{WORKSPACE}"), ("database", "w"))),
        (f"kusto://{WORKSPACE}", (("cluster", WORKSPACE), ("database", "w"))),
        (f"kusto://https://{WORKSPACE}", (("cluster", f"https://{WORKSPACE}"), ("database", "w"))),
        (f"https://{WORKSPACE}/d", (("cluster", f"https://{WORKSPACE}"), ("database", "d"))),
        (f"https://{WORKSPACE};alias='x'", (("cluster", f"https://{WORKSPACE}"), ("database", "w"), ("alias", "x"))),
        (f"https://{COMPONENT}", (("cluster", f"https://{COMPONENT}"), ("database", "a b"))),
        (
            "https://adx.monitor.azure.com/subscriptions/s;database='w'",
            (("cluster", "https://adx.monitor.azure.com/subscriptions/s"), ("database", "w")),
        ),
        (
            "https://adx.monitor.azure.com/subscriptions/s/resourceGroups/r/w",
            (("cluster", "https://adx.monitor.azure.com/subscriptions/s/resourceGroups/r"), ("database", "w")),
        ),
        (f"https://{LAKE}/w-1", (("cluster", f"https://{LAKE}"), ("database", "w-1"))),
        (f"https://{LAKE};database='w-1'", (("cluster", f"https://{LAKE}"), ("database", "w-1"))),
        ("http://127.0.0.1:80/lake/kql/w", (("cluster", "http://127.0.0.1:80/lake/kql"), ("database", "w"))),
    ],
)
def test_addresses_of_which_a_path_is_a_part(text: str, expected: tuple[tuple[str, Value], ...]) -> None:
    assert keyed(text) == (KUSTO, expected)


@pytest.mark.parametrize("text", [f"https://{LAKE}", "https://adx.monitor.azure.com/subscriptions/s"])
def test_an_address_whose_path_names_no_database(text: str) -> None:
    with pytest.raises(KqlConnectionError, match="need a database"):
        parse_connection(text)


@pytest.mark.parametrize(
    ("written", "scheme"),
    [
        *[
            (name, KUSTO)
            for name in ("adx", "ade", "kusto", "azure_data-Explorer", "AZUREDATAEXPLORER", "KuSto", "a-d-x")
        ],
        ("aria", "aria"),
    ],
)
def test_spellings_of_kusto(written: str, scheme: str) -> None:
    assert keyed(f"{written}://database='d'") == (scheme, (("database", "d"),))


@pytest.mark.parametrize(
    ("text", "scheme", "expected"),
    [
        (
            "loganalytics://code;workspace='w';alias='x'",
            "loganalytics",
            (("code", ""), ("workspace", "w"), ("alias", "x")),
        ),
        (
            "log_analytics://code().tenant(T).workspace(W)",
            "loganalytics",
            (("code", ""), ("tenant", Reference("T")), ("workspace", Reference("W"))),
        ),
        (
            "appinsights://appid=my_app;appkey=my_key",
            "applicationinsights",
            (("appid", Reference("my_app")), ("appkey", Reference("my_key"))),
        ),
        ("applicationInsights://appid='a';app_key='k'", "applicationinsights", (("appid", "a"), ("appkey", "k"))),
        ("aimon://anonymous;appid='a'", "aimon", (("anonymous", ""), ("appid", "a"))),
        ("cache://folder='f'", "cache", (("folder", "f"),)),
        ("file://folder='f'", "cache", (("folder", "f"),)),
        ("defender://", "defender", ()),
        ("hunting://trusted;alias='h'", "defender", (("trusted", ""), ("alias", "h"))),
        ("defender://tenant='t'", "defender", (("tenant", "t"),)),
        ("resourcegraph://", "resourcegraph", ()),
        (
            "resource_graph://subscriptions='a,b';managementgroups=groups",
            "resourcegraph",
            (("subscriptions", "a,b"), ("managementgroups", Reference("groups"))),
        ),
        ("arg://management_groups('m').code()", "resourcegraph", (("managementgroups", "m"), ("code", ""))),
        ("duckdb://", "duckdb", ()),
        ("duckdb:///path/file.duckdb", "duckdb", (("database", "/path/file.duckdb"),)),
        ("duckdb://file.duckdb", "duckdb", (("database", "file.duckdb"),)),
        ("duckdb:///a%20b/c=d.duckdb", "duckdb", (("database", "/a b/c=d.duckdb"),)),
        (
            "duckdb://?path=*.csv&path=b%26c.json&alias=x",
            "duckdb",
            (("path", "*.csv"), ("path", "b&c.json"), ("alias", "x")),
        ),
        ("duckdb://x.duckdb?alias=x", "duckdb", (("database", "x.duckdb"), ("alias", "x"))),
        ("duckdb://path='a.csv';path='b.csv'", "duckdb", (("path", "a.csv"), ("path", "b.csv"))),
        ("duckdb://database('x.duckdb').alias('x')", "duckdb", (("database", "x.duckdb"), ("alias", "x"))),
        ("samples", "samples", ()),
        ("samples://", "samples", ()),
        ("samples://alias='s'", "samples", (("alias", "s"),)),
    ],
)
def test_other_services(text: str, scheme: str, expected: tuple[tuple[str, Value], ...]) -> None:
    assert keyed(text) == (scheme, expected)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_every_key_in_every_spelling(scheme: Scheme) -> None:
    for name in (scheme.name, *scheme.aliases):
        if name in ("http", "https"):
            continue
        for key in scheme.keys:
            others = [other for other in scheme.mandatory if other != key]
            for spelling in (key, key.upper(), f"{key[:2]}_{key[2:]}", f"{key[0]}-{key[1:]}"):
                part = spelling if key in VALUELESS else f"{spelling}='v'"
                parsed = parse_connection(f"{name}://{';'.join([part, *(f'{other}=$E' for other in others)])}")
                assert isinstance(parsed, ConnectionSpec)
                assert parsed.scheme == scheme.name
                assert parsed.get(key) == ("" if key in VALUELESS else "v")
                assert key in parsed


@pytest.mark.parametrize(
    ("text", "name", "cluster"),
    [("Samples@help", "Samples", "help"), ("My Db@127_0_0_1_80", "My Db", "127_0_0_1_80"), ("a.b-c@x", "a.b-c", "x")],
)
def test_names(text: str, name: str, cluster: str) -> None:
    assert parse_connection(text) == ConnectionName(name, cluster)


# --- Kqlmagic --------------------------------------------------------------------------------------------

# Every connection string of Kqlmagic 0.1.114: its schemes (1.1), keys and combinations of keys (1.2) and forms (1.3),
# by the sections of the reference of it. What it opens: the cluster in name@cluster, and a piece of its description.
PROXY = "subscriptions/s/resourcegroups/r/providers/microsoft.operationalinsights/workspaces/w"
ON = "cluster='help';database='Samples'"
WORKSPACE_ID = "workspace='11111111-2222-3333-4444-555555555555'"
HELP_URL = "https://help.kusto.windows.net, "
LOGS = "https://api.loganalytics.azure.com/v1/workspaces/11111111-2222-3333-4444-555555555555, "
KQLMAGIC: list[tuple[str, str, str, str]] = [
    *[("1.1", f"{scheme}://{ON}", "help", HELP_URL) for scheme in ("azuredataexplorer", "adx", "ade", "kusto")],
    ("1.1 case, _ and -", f"azure_data-Explorer://{ON}", "help", HELP_URL),
    ("1.1 aria", "aria://database='d'", "aria", "https://kusto.aria.microsoft.com, "),
    ("1.1", "applicationinsights://appid='DEMO_APP'", "applicationinsights", "https://api.applicationinsights.io/v1/"),
    ("1.1", "appinsights://appid='DEMO_APP'", "applicationinsights", "https://api.applicationinsights.io/v1/apps/"),
    ("1.1", "aimon://appid='DEMO_APP'", "aimon", "https://api.aimon.applicationinsights.io/v1/apps/DEMO_APP"),
    ("1.1", f"loganalytics://{WORKSPACE_ID}", "loganalytics", LOGS),
    *[
        ("1.1 proxies", f"kusto://cluster='https://{host}/{PROXY}';database='w';code", name, f"https://{host}/subscr")
        for host, name in (
            ("ade.applicationinsights.io", "applicationinsights_s_r_w"),
            ("ade.loganalytics.io", "loganalytics_s_r_w"),
            ("adx.monitor.azure.com", "monitor_s_r_w"),
            ("adx.monitor.azure.us", "monitor_s_r_w"),
            ("adx.monitor.azure.cn", "monitor_s_r_w"),
            ("adx.int.monitor.azure.com", f"adx_int_monitor_azure_com_{PROXY.replace('/', '_').replace('.', '_')}"),
        )
    ],
    ("1.2 tenant, aadurl", f"kusto://code;tenant='t';aadurl='https://login.microsoftonline.com';{ON}", "help", ""),
    ("1.2 aad_url", f"kusto://code;aad_url='https://login.microsoftonline.us';{ON}", "help", HELP_URL),
    (
        "1.2 datasourceurl",
        f"loganalytics://code;{WORKSPACE_ID};datasourceurl='https://westus2.api.loganalytics.io'",
        "loganalytics",
        "https://westus2.api.loganalytics.io/v1/workspaces/",
    ),
    *[
        (f"1.2 {keys}", f"{scheme}://{keys};{source}", cluster, "anonymous" if keys == "anonymous" else "signed in")
        for keys in (
            "tenant='t';clientid='c';clientsecret='s'",
            "tenant='t';clientid='c'",
            "tenant='t';clientid='c';clientsecret='<clientsecret>'",
            "tenant='t';clientid='c';certificate='PEM';certificatethumbprint='ab'",
            "tenant='t';clientid='c';certificate='PEM';certificatethumbprint='<certificatethumbprint>'",
            "tenant='t';clientid='c';certificatepemfile='f.pem';certificatethumbprint='ab'",
            "tenant='t';clientid='c';code",
            "code",
            "code;tenant='t'",
            "anonymous",
        )
        for scheme, source, cluster in (
            ("kusto", ON, "help"),
            ("aria", "database='d'", "aria"),
            ("appinsights", "appid='DEMO_APP'", "applicationinsights"),
            ("loganalytics", WORKSPACE_ID, "loganalytics"),
        )
    ],
    *[
        ("1.2 appkey", f"{source};appkey={key}", cluster, "by key")
        for key in ("'k'", "'<appkey>'", "'k';tenant='t';aadurl='https://login.microsoftonline.com'")
        for source, cluster in (
            ("appinsights://appid='DEMO_APP'", "applicationinsights"),
            ("aimon://appid='DEMO_APP'", "aimon"),
            ("loganalytics://workspace='DEMO_WORKSPACE'", "loganalytics"),
        )
    ],
    ("1.3 keys", "kusto://code;cluster='help';database='Samples';alias='s'", "help", HELP_URL),
    ("1.3 functions", "kusto://code().cluster('help').database('Samples').alias('s')", "help", HELP_URL),
    ("1.3 functions", "loganalytics://code().workspace('DEMO_WORKSPACE').tenant('t')", "loganalytics", "signed in"),
    ("1.2 no value", f"kusto://code='';{ON}", "help", HELP_URL),
]


@pytest.mark.parametrize(("section", "text", "cluster", "described"), KQLMAGIC, ids=lambda value: str(value)[:60])
def test_connections_of_kqlmagic(section: str, text: str, cluster: str, described: str) -> None:
    parsed = parse_connection(text)
    assert isinstance(parsed, ConnectionSpec), section
    info = make_opener()(parsed).info
    assert info.cluster == cluster
    assert described in info.description


KQLMAGIC_REFUSED: list[tuple[str, str, str, str]] = [
    *[
        ("1.2 username and password", f"{source};{keys}", "no sign-in with username and password", "code")
        for keys in (
            "username='u';password='p'",
            "username='u'",
            "username='u';password='<password>'",
            "clientid='c';username='u';password='p'",
            "code;username='u'",
        )
        for source in (f"kusto://{ON}", "appinsights://appid='DEMO_APP'", f"loganalytics://{WORKSPACE_ID}")
    ],
    ("1.2 tenant with clientid", f"kusto://clientid='c';clientsecret='s';{ON}", "needs tenant too", "tenant='...'"),
    ("1.2 code has no value", f"kusto://code='x';{ON}", "The key code takes no value", "write only code"),
    ("1.2 anonymous has no value", f"kusto://anonymous='x';{ON}", "The key anonymous takes no value", "anonymous"),
    ("1.2 mandatory", "kusto://cluster='help'", "need a database", "database='...'"),
    ("1.2 mandatory", "aria://code", "need a database", "database='...'"),
    ("1.2 mandatory", "appinsights://code", "need an appid", "appid='...'"),
    ("1.2 mandatory", "loganalytics://code", "need a workspace", "workspace='...'"),
    ("1.2 mandatory", "cache://alias='x'", "need a folder", "folder='...'"),
    ("1.2 unknown keys", f"kusto://xyz='red';{ON}", "have no key xyz", "its keys are"),
    ("1.2 no appkey", f"kusto://appkey='k';{ON}", "have no key appkey", "its keys are"),
    ("1.2 no cluster", "aria://cluster='help';database='d'", "have no key cluster", "its keys are"),
    ("1.2 two ways", "appinsights://appid='DEMO_APP';appkey='k';code", "two ways to sign in", "keep one"),
    # Microsoft's list of hosts, which is that of its own clients, has no such names: the key trusted opens them.
    *[
        ("1.1 proxies", f"https://{host}/subscriptions/s;database='w';code", "is not among the hosts", "trusted")
        for host in ("ade.int.applicationinsights.io", "ade.int.loganalytics.io", "adx.int.monitor.azure.us")
    ],
]


@pytest.mark.parametrize(("section", "text", "message", "hint"), KQLMAGIC_REFUSED, ids=lambda value: str(value)[:60])
def test_connections_of_kqlmagic_that_are_refused(section: str, text: str, message: str, hint: str) -> None:
    with pytest.raises(KqlConnectionError) as caught:
        make_opener()(parse_connection(text))  # type: ignore[arg-type]
    assert message in caught.value.message, section
    assert hint in caught.value.hint


KQLMAGIC_KEYS = {
    "database": "kusto aria",
    "cluster": "kusto",
    "appid": "appinsights aimon",
    "workspace": "loganalytics",
    "folder": "cache",
    "alias": "kusto aria appinsights aimon loganalytics cache",
    "tenant": "kusto aria appinsights aimon loganalytics",
    "aadurl": "kusto aria appinsights aimon loganalytics",
    "datasourceurl": "appinsights aimon loganalytics",
    "clientid": "kusto aria appinsights aimon loganalytics",
    "clientsecret": "kusto aria appinsights aimon loganalytics",
    "certificate": "kusto aria",
    "certificatethumbprint": "kusto aria",
    "certificatepemfile": "kusto aria",
    "username": "kusto aria appinsights aimon loganalytics",
    "password": "kusto aria appinsights aimon loganalytics",
    "code": "kusto aria appinsights aimon loganalytics",
    "anonymous": "kusto aria appinsights aimon loganalytics",
    "appkey": "appinsights aimon loganalytics",
}
"""The table of 1.2: each key, and the schemes that take it."""


@pytest.mark.parametrize("key", KQLMAGIC_KEYS)
def test_keys_of_kqlmagic(key: str) -> None:
    for name in KQLMAGIC_KEYS[key].split():
        scheme = next(scheme for scheme in SCHEMES if name in (scheme.name, *scheme.aliases))
        assert key in scheme.keys
        mandatory = ";".join(f"{other}='v'" for other in scheme.mandatory if other != key)
        assert key in parse_connection(f"{name}://{key if key in VALUELESS else f'{key}={KUSTO!r}'};{mandatory}")  # type: ignore[operator]


# --- errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "hint", "under"),
    [
        ("", "This is no connection: it has no scheme and no @cluster.", "kusto://", None),
        ("help", "This is no connection", "kusto://", None),
        ("@help", "This is no connection", "Samples@help", None),
        ("a@", "This is no connection", "Samples@help", None),
        ("kusto:/cluster='help'", "This is no connection", "kusto://", None),
        ("kutso://cluster='help'", "There is no service kutso://.", "did you mean 'kusto'?", "kutso"),
        ("mysql://x", "There is no service mysql://.", "known are azuredataexplorer://", "mysql"),
        ("kusto://clutser='help';database='d'", "have no key clutser.", "did you mean 'cluster'?", "clutser"),
        ("kusto://database='clutser';clutser='x'", "have no key clutser.", "did you mean", "clutser"),
        ("kusto://database='d';xyz='red'", "have no key xyz.", "its keys are cluster, database", "xyz"),
        ("kusto://database='d';anonymos", "have no key anonymos.", "did you mean 'anonymous'?", "anonymos"),
        ("kusto://database='d';zzz", "have no key like this.", "its keys are", "zzz"),
        ("duckdb://?pth=*.csv", "have no key pth.", "did you mean 'path'?", "pth"),
        ("duckdb://pth/x?pth=*.csv", "have no key pth.", "did you mean 'path'?", "pth"),
        ("kusto://cluster('help').databse('d')", "have no key databse.", "did you mean 'database'?", "databse"),
        ("kusto://cluster('help').x", "cannot be read.", "dots", None),
        ("kusto://cluster('help')", "need a database.", "database='...'", None),
        ("https://help.kusto.windows.net", "need a database.", "https://cluster/database", None),
        ("https://", "need a database.", "database='...'", None),
        ("loganalytics://code", "need a workspace.", "loganalytics://workspace='...'", None),
        ("appinsights://", "need an appid.", "appid='...'", None),
        ("kusto://database='d';cluster", "The key cluster needs a value.", "cluster='...'", "cluster"),
        ("kusto://database='d';cluster=", "The key cluster needs a value.", "cluster='...'", "cluster"),
        ("kusto://database='d';code='x'", "The key code takes no value.", "write only code", "code"),
        ("kusto://database='d';Data_Base='e'", "The key database is given twice.", "keep one", None),
    ],
)
def test_errors(text: str, message: str, hint: str, under: str | None) -> None:
    with pytest.raises(KqlConnectionError) as caught:
        parse_connection(text)
    error = caught.value
    assert message in error.message
    assert hint in error.hint
    if under is None:
        assert error.span is None
    else:
        assert error.span is not None
        assert error.text is not None
        assert error.span.of(text) == under
        assert len(error.text) == len(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kusto://clutser='help';database='d'", "Connections of kusto:// have no key clutser."),
        ("ADX://cluster='help'", "Connections of ADX:// need a database."),
        ("https://help.kusto.windows.net", "Connections of https:// need a database."),
        ("app-insights://code", "Connections of app-insights:// need an appid."),
        ("kusto://cluster('help').x", "This kusto:// connection cannot be read."),
        ("DuckDB://?pth=x", "Connections of DuckDB:// have no key pth."),
    ],
)
def test_errors_name_the_scheme_as_it_was_written(text: str, message: str) -> None:
    with pytest.raises(KqlConnectionError) as caught:
        parse_connection(text)
    assert caught.value.message == message


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_which_connections_are_in_a_cloud(scheme: Scheme) -> None:
    assert takes_cloud(scheme.name, has_cluster=True) == ("cloud" in scheme.keys)
    inherits = scheme.name == KUSTO
    assert takes_cloud(scheme.name, has_cluster=False) == ("cloud" in scheme.keys and not inherits)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_mandatory_keys(scheme: Scheme) -> None:
    for key in scheme.mandatory:
        with pytest.raises(KqlConnectionError, match=f"need an? {key}"):
            parse_connection(f"{scheme.name}://alias='x'")


SECRET = "QQQ"


@pytest.mark.parametrize(
    "text",
    [
        "kutso://clientsecret='QQQ';database='d'",
        "kusto://clientsekret='QQQ';database='d'",
        "kusto://pasword=QQQ;database='d'",
        "kusto://database='d';clientsecret:'QQQ'",
        "kusto://database='d';clientsecret 'QQQ'",
        "kusto://clientsecret=abc;QQQ;database='d'",
        "kusto://clientsecret='a'b;'QQQ;database='d'",
        "kusto://clientsecret='QQQ'",
        "kusto://clientsecret='QQQ';colour='red';database='d'",
        "kusto://clientsecret='QQQ;colour='red';database='d'",
        "kusto://clientsecret='QQQ';code='x';database='d'",
        "kusto://code='QQQ';database='d'",
        "kusto://code(QQQ).database('d')",
        "kusto://clientsecret('QQQ').colour('red').database('d')",
        "kusto://clientsecret('QQQ'x.database('d')",
        "kusto://clientsecret='QQQ';clientsecret='QQQ';database='d'",
        "clientsecret='QQQ';database='d'",
        "clientsecret='QQQ';cluster='https://help'",
        "kusto:clientsecret='QQQ';cluster='https://help'",
        "kusto:/clientsecret='QQQ'",
        "clientsecret='QQQ'@help",
        "password='me@QQQ'",
        "clientsecret:'QQQ'",
        "duckdb://?password=QQQ",
        "duckdb://x?pasword=QQQ",
        "cache://folder='f';password='QQQ'",
        "loganalytics://workspce='w';appkey='QQQ'",
        "mysql://root:QQQ@localhost/db",
        "Data Source=https://help;AppKey=QQQ",
        "defender://clientsecret='QQQ';tenat='t'",
        "resourcegraph://subscription='s';password='QQQ'",
    ],
)
def test_errors_show_no_secret(text: str) -> None:
    with pytest.raises(KqlConnectionError) as caught:
        parse_connection(text)
    assert SECRET not in str(caught.value)
    assert SECRET not in (caught.value.text or "")
    assert SECRET not in repr(caught.value)


def test_a_spec_shows_no_secret() -> None:
    for key in SECRETS:
        one = spec(KUSTO, ("database", "d"), (key, SECRET))
        assert SECRET not in repr(one)
        assert SECRET not in f"{one} {describe(one)}"
        assert SECRET in format_spec(one)
        assert "database='d'" in repr(one)


# --- properties ------------------------------------------------------------------------------------------

names = st.sampled_from(["a", "größe", "_x1", "settings"])
steps = st.sampled_from([".b", "['k']", "['a;b=(']", "[0]", "[-12]", '["it\'s"]', "[ 'x' ]"])
references = st.builds(lambda name, path: Reference(name + "".join(path)), names, st.lists(steps, max_size=3))
values = st.one_of(
    st.text(),
    st.text("'\";=() .$@/\\\n\té…", max_size=12),
    references,
    names.map(EnvironmentVariable),
)


@st.composite
def specs(draw: st.DrawFn) -> ConnectionSpec:
    scheme = draw(st.sampled_from(SCHEMES))
    optional = draw(st.lists(st.sampled_from(scheme.keys), unique=True, max_size=6))
    keys = draw(st.permutations([*scheme.mandatory, *(key for key in optional if key not in scheme.mandatory)]))
    paths = ["path"] * draw(st.integers(0, 2)) if "path" in keys else []
    return ConnectionSpec(
        scheme.name, tuple((key, "" if key in VALUELESS else draw(values)) for key in [*keys, *paths])
    )


@settings(deadline=None, max_examples=200)
@given(specs())
def test_a_spec_is_read_back(one: ConnectionSpec) -> None:
    assert parse_connection(format_spec(one)) == one


schemes = st.sampled_from(["", "kusto://", "https://", "duckdb://", "loganalytics://", "x://", "kusto:", "cache://a"])


@settings(deadline=None, max_examples=200)
@given(schemes, st.text() | st.text("'\";=()[]. $@/\\:?&%cluster\n", max_size=40))
def test_any_text_is_read_or_refused(scheme: str, text: str) -> None:
    try:
        parsed = parse_connection(scheme + text)
    except KqlConnectionError as error:
        str(error)
    else:
        repr(parsed)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(["clientsecret", "client_secret", "Password", "appkey", "pasword", "clientsecrt", "app-kee"]),
    st.text('ab;="() .:/@$', max_size=6),
    st.sampled_from(
        [
            "kusto://cluster='help';{}",
            "kusto://database='d';colour='red';{}",
            "kusto://{};database='d';colour",
            "kutso://{};database='d'",
            "appinsights://{};appid",
            "duckdb://{}",
            "{}",
            "{}@help",
        ]
    ),
    st.sampled_from(["{}='{}'", '{}="{}"', "{} = '{}", "{}=x{}"]),
)
def test_no_secret_is_in_an_error(key: str, around: str, form: str, pair: str) -> None:
    secret = around.replace('"', "") + SECRET if pair != "{}=x{}" else SECRET
    text = form.format(pair.format(key, secret))
    assert SECRET not in _error_of(text)


def _error_of(text: str) -> str:
    try:
        parse_connection(text)
    except KqlConnectionError as error:
        return f"{error} {error.text} {error.hint}"
    return ""
