// What follows the shifter of a frame lane of lut_mac, written by hand, to check the resource model.
//
// Like mac_slice.v, this is not the RTL of Vitis HLS, but has the same parts in the same widths. It
// takes the rounded and shifted sum, limits it, and computes sigmoid or tanh from a table of chords
// (nibblestream.network.curve), which is read from curve.hex: rises above starts.
// tests/hardware/test_activation_slice.py counts its cells, and compares its integers with curve.py.

module activation #(
    parameter SUM = 48, OUT = 25, INPUT = 18, INDEX = 8, FRAC = 15
) (
    input clk,
    // The layer: right shifts of sums, and of negative ones in a leaky ReLU; limits; left shift of
    // the curve's input; sigmoid or tanh, or neither.
    input [5:0] shift, leaky_shift,
    input signed [OUT-1:0] low, high,
    input [4:0] places,
    input curved, sigmoid,
    // The sum's sign before the shifter, and the distance to shift it.
    input negative,
    output [5:0] distance,
    input signed [SUM-1:0] shifted,
    input step,
    output reg valid,
    output reg [OUT-1:0] result
);
    localparam STEP = INPUT - INDEX, RISE = STEP + 1, START = FRAC + 1;
    assign distance = negative ? leaky_shift : shift;

    reg signed [OUT-1:0] word;
    reg signed [INPUT:0] x;
    reg [INPUT-1:0] magnitude;
    always @(posedge clk) begin
        word <= shifted < low ? low : shifted > high ? high : shifted[OUT-1:0];
        x <= word <<< places;
        // The most negative input has no counterpart; it is taken as the largest magnitude.
        magnitude <= !x[INPUT] ? x[INPUT-1:0] : x[INPUT-1:0] == 0 ? ~x[INPUT-1:0] : -x[INPUT-1:0];
    end

    wire [RISE+START-1:0] chord;
    curve_table #(.INDEX(INDEX), .WIDTH(RISE + START)) chords (
        .clk(clk), .address(magnitude[INPUT-1:STEP]), .out(chord));

    // Interpolate: the multiplier's registers, then an adder, which rounds.
    reg [STEP-1:0] along, along_in;
    reg [RISE-1:0] rise_in;
    reg [START-1:0] start, start_late;
    reg signed [RISE+STEP+1:0] product;
    reg [START:0] height;
    wire [START+STEP:0] sum = {start_late, 1'b1, {(STEP-1){1'b0}}} + product;
    always @(posedge clk) begin
        along <= magnitude[STEP-1:0];
        {rise_in, start} <= chord;
        along_in <= along;
        product <= $signed({1'b0, rise_in}) * $signed({1'b0, along_in});
        start_late <= start;
        height <= sum >> STEP;
    end

    // The sign and, if no curve is computed, the word arrive with the height.
    localparam DELAY = 5;
    reg [DELAY-1:0] negatives;
    reg signed [START:0] tanh;
    wire signed [START+1:0] half = (1 << FRAC) + 1 + tanh;
    wire signed [OUT-1:0] plain;
    delay #(.WIDTH(OUT), .CLOCKS(DELAY + 2)) words (.clk(clk), .in(word), .out(plain));
    wire started;
    delay #(.WIDTH(1), .CLOCKS(DELAY + 3)) steps (.clk(clk), .in(step), .out(started));
    always @(posedge clk) begin
        negatives <= {negatives, x[INPUT]};
        tanh <= negatives[DELAY-1] ? -height : height;
        result <= !curved ? plain : sigmoid ? half >>> 1 : tanh;
        valid <= started;
    end
endmodule

module curve_table #(parameter INDEX = 8, WIDTH = 27) (
    input clk,
    input [INDEX-1:0] address,
    output reg [WIDTH-1:0] out
);
    (* rom_style = "block" *) reg [WIDTH-1:0] words [0:(1<<INDEX)-1];
    initial $readmemh("curve.hex", words);
    always @(posedge clk) out <= words[address];
endmodule

module delay #(parameter WIDTH = 25, CLOCKS = 8) (
    input clk,
    input [WIDTH-1:0] in,
    output [WIDTH-1:0] out
);
    reg [WIDTH*CLOCKS-1:0] line = 0;
    always @(posedge clk) line <= {line, in};
    assign out = line[WIDTH*CLOCKS-1 -: WIDTH];
endmodule
