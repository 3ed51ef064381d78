"""A file somebody shares in a thread: read, asked there together with a copy, and gone with it."""

from sync.attached import files_of
from tests.story.world import DATA, JUNHO, MINJI, TEAM, World

CUSTOMERS = "customer_id,등급,우편번호\n1,VIP,06000\n2,일반,01234\n3,VIP,12345\n".encode("cp949")


def test_a_file_is_joined_with_a_copy_in_its_thread_and_nowhere_else(shared: World) -> None:
    slack = shared.sandbox.slack
    shared.synced("ORDERS")
    thread = slack.upload(MINJI, DATA, "고객.csv", CUSTOMERS, "@Duckferry")
    told = shared.answer(thread, "고객.csv")
    assert "3행, 3열을 읽었습니다(CP949, 쉼표로 구분)" in told
    assert "0으로 시작하는 값이 있어 텍스트로 둔 열: 우편번호" in told
    assert "• 이 파일에 있는 CUSTOMER_ID의 SHOP." in told  # of whichever copy has that column
    slack.post(JUNHO, DATA, "이 파일의 고객들이 주문한 금액은?", thread)
    joined = shared.answer(thread, "근거: SHOP.ORDERS")
    assert "근거: FILE.고객, 3행, 민지 님이" in joined
    assert "올린 고객.csv, Oracle과 대조되지 않음" in joined
    elsewhere = shared.ask("SELECT * FROM FILE.고객")
    assert "FILE.고객" in shared.answer(elsewhere, "실패")
    broken = slack.upload(JUNHO, DATA, "b.csv", b"a,b\n1,2\n3\n", "이 파일 몇 행?", thread)
    assert "3번째 줄에는 값이 1개" in shared.answer(thread, "b.csv")
    slack.delete(JUNHO, DATA, broken)
    name = f"{TEAM}:{DATA}:{thread}"
    assert [one.file for one in files_of(shared.redis, name)] == ["고객.csv"]
    [gone] = [one.id for one in files_of(shared.redis, name)]
    slack.delete_file(MINJI, gone)
    shared.until(lambda: not files_of(shared.redis, name))
